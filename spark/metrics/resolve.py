"""Resolve and check all inputs of a job before Spark starts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pyarrow as pa

from filters.contract import FeatureTable, Filter
from filters.feature_tables import FEATURE_TABLES, TOKEN_FREQUENCIES, feature_table
from filters.input_types import is_integer, is_number
from filters.language_model.model import LanguageModel
from filters.measuring import Resources
from filters.vocabulary import Vocabulary
from spark.metrics.configuration import Configuration
from spark.metrics.counted_tables import require_same_continuation, require_same_sequences
from spark.metrics.feature_tables import PUBLISHED, FeatureFiles, feature_locations, resolve_feature_table
from spark.metrics.language_models import require_same_tokens, required_model, resolve_language_model, vocabulary_beside
from spark.metrics.sequence_table import SequenceTable
from spark.metrics.token_frequencies import read_token_frequencies
from spark.runs.read_options import read_options
from spark.sources.cut_source import cut_source
from spark.sources.cutting import Cut
from spark.sources.input_columns import InputColumns, numbering_note, recognise_columns
from spark.sources.internal_columns import INTERNAL
from spark.sources.resolver import Resolver
from spark.sources.source import Source
from spark.sources.token_reader import TokenReader
from utils import UserError, printable

RESERVED = ("dataset", "scheme", "model", "reason_kind", "reason")


@dataclass(frozen=True)
class ResolvedTable:
    """A table of sequences, with the files, feature tables and resources that its job needs.

    models: the planned models; if none was requested, the models whose scores the source holds.
    features: feature tables that are the same for all models. features_by_model: feature tables that differ by model.
        Both are joined before measuring.
    frequency_tables: the tables that `resources.token_frequencies` were read from.
    """

    sequences: SequenceTable
    models: tuple[str | None, ...]
    files: Source
    columns: InputColumns
    resources: Resources
    features: tuple[FeatureFiles, ...]
    features_by_model: Mapping[str | None, tuple[FeatureFiles, ...]]
    frequency_tables: tuple[FeatureFiles, ...] = ()


def resolve_sequence_table(
    sequences: SequenceTable, filters: tuple[Filter, ...], configuration: Configuration, resolver: Resolver
) -> ResolvedTable:
    """Return the table with its inputs; raise UserError if one is missing, damaged or contradictory."""
    options = read_options(configuration)
    files = resolver.files(sequences.location, options)
    columns = recognise_columns(files.schema, str(sequences.location), options.columns)
    if columns.left_out:
        names = ", ".join(f"{printable(name)} ({files.schema.field(name).type})" for name in columns.left_out)
        resolver.on_note(f"{sequences.location}: left out {names}: Spark has no such type.")
    if columns.document_id is not None and configuration.cut is None:
        resolver.on_note(numbering_note(str(sequences.location), columns.document_id))
    models = sequences.levels
    if sequences.models == (None,) and columns.scores:
        models = tuple(model for model, _ in columns.scores)
    vocabulary = resolver.vocabulary(sequences.tokenizer) if sequences.tokenizer else None
    language_model, model_at = None, required_model(sequences, models, filters)
    if model_at is not None:
        language_model = resolve_language_model(model_at, configuration, resolver)
        vocabulary = _vocabulary_of_both(language_model, vocabulary, sequences.tokenizer, resolver)
        if columns.tokens is None and vocabulary is None:
            raise UserError(
                f"{sequences.location}: expected tokens for the language model, found text and no tokenizer.\n"
                "Give --tokenizer with the tokenizer that the model was trained with."
            )
    if configuration.cut is not None:
        reader = TokenReader(columns, vocabulary.tokenizer.to_str() if vocabulary else None)
        files = cut_documents(sequences, files, reader, configuration.cut)
        columns = recognise_columns(files.schema, str(sequences.location))
    is_read = any(TOKEN_FREQUENCIES.name in each.reads for each in filters)
    read = [TOKEN_FREQUENCIES] if is_read else []
    frequency_tables = _resolve_feature_tables(read, configuration, sequences, models[0], resolver)
    frequencies = read_token_frequencies(frequency_tables) if frequency_tables else None
    tables = [feature_table(name) for name in sorted({each.feature_table for each in filters if each.feature_table})]
    of_all_models = [table for table in tables if not table.differs_by_model]
    of_one_model = [table for table in tables if table.differs_by_model]
    shared = _resolve_feature_tables(of_all_models, configuration, sequences, models[0], resolver)
    by_model = {
        model: _resolve_feature_tables(of_one_model, configuration, sequences, model, resolver) for model in models
    }
    features = shared + by_model[models[0]]
    _require_no_conflict(columns, filters, features, str(sequences.location))
    _require_numbers(files, columns, filters, str(sequences.location))
    if columns.sequence_id is None and configuration.cut is None:
        _join_by_number(features, configuration, sequences, resolver)
    resources = Resources(vocabulary, frequencies, language_model)
    return ResolvedTable(sequences, models, files, columns, resources, shared, by_model, frequency_tables)


def cut_documents(sequences: SequenceTable, documents: Source, reader: TokenReader, cut: Cut) -> Source:
    """Return the sequences of the documents; raise UserError for data that holds sequences, or metrics of documents."""
    name, columns = str(sequences.location), reader.columns
    if sequences.kind != "plain":
        raise UserError(f"--sequence_tokens: expected documents, found the sequences of {sequences.description}.")
    joined = {column.name for table in FEATURE_TABLES for column in table.columns} | {"memorization_score"}
    of_documents = sorted({column for _, column in columns.scores} | joined & set(columns.others))
    if of_documents:
        raise UserError(
            f"{name}: expected no metric of whole documents with --sequence_tokens, found `{of_documents[0]}`.\n"
            "Rename the column, or leave out --sequence_tokens."
        )
    if columns.tokens is None and reader.tokenizer_json is None:
        raise UserError(f"{name}: expected a tokenizer to cut the text of documents, found none.\nGive --tokenizer.")
    return cut_source(documents, reader, cut, name)


def _vocabulary_of_both(
    model: LanguageModel, vocabulary: Vocabulary | None, tokenizer: str | None, resolver: Resolver
) -> Vocabulary | None:
    """Return the vocabulary of the data, else of the model; raise UserError if their token ids differ."""
    model_vocabulary = vocabulary_beside(model, resolver)
    if model_vocabulary is not None and vocabulary is not None:
        require_same_tokens(model_vocabulary, vocabulary, model.directory, tokenizer)
    return vocabulary or model_vocabulary


def _resolve_feature_tables(
    tables: Iterable[FeatureTable],
    configuration: Configuration,
    sequences: SequenceTable,
    model: str | None,
    resolver: Resolver,
) -> tuple[FeatureFiles, ...]:
    found = [
        resolve_feature_table(table, location, model, resolver)
        for table in tables
        for location in feature_locations(table, configuration, sequences, model)
    ]
    features = tuple(feature for feature in found if feature is not None)
    for feature in features:
        require_same_continuation(feature, configuration.continuation_tokens)
        require_same_sequences(feature, configuration.cut)
    return features


def _join_by_number(
    features: Iterable[FeatureFiles], configuration: Configuration, sequences: SequenceTable, resolver: Resolver
) -> None:
    """Note that feature tables are joined by the numbers of rows; raise UserError for tables with other ids."""
    names = [each.table.name for each in features]
    for name in names:
        if getattr(configuration, name) == PUBLISHED:
            raise UserError(
                f"{sequences.location}: expected a column of ids to join --{name} published, found none.\n"
                "Add a column `sequence_id` with the position in Pythia's training order, or leave out the table."
            )
    if names:
        options = ", ".join(f"--{name}" for name in dict.fromkeys(names))
        resolver.on_note(
            f"{sequences.location}: has no whole numbers as ids, so {options} is joined by the number of the row, "
            "from 0, as build_features.py numbers the rows of a corpus."
        )


def _require_no_conflict(
    columns: InputColumns, filters: tuple[Filter, ...], features: tuple[FeatureFiles, ...], source: str
) -> None:
    """Raise UserError if a column of the source would be overwritten.

    A column of the source may have the name of a metric if no filter or feature table gives that metric.
    """
    given = {name for feature in features for name in feature.written}
    written = {c.name for each in filters if each.measure is not None for c in each.columns} - {"text"} | given
    internal = {name for name in columns.others if name.startswith(INTERNAL)}
    taken = internal | set(columns.others) & (written | set(RESERVED) | {"sequence_id", "tokens", "text"})
    if taken:
        names = ", ".join(f"`{printable(name)}`" for name in sorted(taken))
        raise UserError(
            f"{source}: found columns named {names}, which the run itself writes.\n"
            "Rename them in the source, or leave out their filters with --filters."
        )


def _require_numbers(files: Source, columns: InputColumns, filters: tuple[Filter, ...], source: str) -> None:
    """Raise UserError if a column of the source has the name of a joined metric, but cannot hold its values."""
    joined = {column.name: column for each in filters if each.measure is None for column in each.columns}
    for name in set(columns.others) & set(joined):
        found, fits = files.schema.field(name).type, is_integer if is_integer(joined[name].type) else is_number
        if not fits(found) or pa.types.is_uint64(found):
            raise UserError(f"{source}: expected {joined[name].type} in column `{name}`, found {found}.")
