"""Everything that a split needs, found and checked before Spark starts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pyarrow as pa

from filters.contract import FeatureTable, Filter
from filters.feature_tables import TOKEN_FREQUENCIES, feature_table
from filters.input_types import is_integer, is_number
from filters.measuring import Resources
from spark.metrics.configuration import Configuration
from spark.metrics.feature_tables import FeatureFiles, feature_locations, resolve_feature_table
from spark.metrics.language_models import asked_model, require_same_tokens, resolve_language_model, vocabulary_beside
from spark.metrics.split import Split
from spark.metrics.token_frequencies import read_token_frequencies
from spark.sources.input_columns import InputColumns, recognise_columns
from spark.sources.internal_columns import INTERNAL
from spark.sources.resolver import Resolver
from spark.sources.source import Source
from utils import UserError, printable

RESERVED = ("dataset", "scheme", "model", "reason")


@dataclass(frozen=True)
class ResolvedSplit:
    """A split with the files, features and resources that measuring it takes.

    models: the split's own, or those whose scores the source holds where none was asked for.
    features: joined before measuring. features_by_model: those that differ between the split's models.
    """

    split: Split
    models: tuple[str | None, ...]
    files: Source
    columns: InputColumns
    resources: Resources
    features: tuple[FeatureFiles, ...]
    features_by_model: Mapping[str | None, tuple[FeatureFiles, ...]]


def resolve_split(
    split: Split, filters: tuple[Filter, ...], configuration: Configuration, resolver: Resolver
) -> ResolvedSplit:
    """The split's files and features; raises UserError for what is missing, damaged or contradictory."""
    files = resolver.files(split.location)
    columns = recognise_columns(files.schema, str(split.location))
    models = split.models
    if models == (None,) and columns.scores:
        models = tuple(model for model, _ in columns.scores)
    vocabulary = resolver.vocabulary(split.tokenizer) if split.tokenizer else None
    language_model, location = None, asked_model(split, models, filters)
    if location is not None:
        language_model = resolve_language_model(location, configuration, resolver)
        of_model = vocabulary_beside(language_model, resolver)
        if of_model is not None and vocabulary is not None:
            require_same_tokens(of_model, vocabulary, language_model.directory, split.tokenizer)
        vocabulary = vocabulary or of_model
        if columns.tokens is None and vocabulary is None:
            raise UserError(
                f"{split.location}: a language model takes tokens, and there are none, nor a tokenizer to make them.\n"
                "Give --tokenizer with the tokenizer that the model was trained with."
            )
    frequencies = None
    locations = feature_locations(TOKEN_FREQUENCIES, configuration, split, models[0])
    if locations and any(TOKEN_FREQUENCIES.name in each.reads for each in filters):
        frequencies = read_token_frequencies(locations, resolver)
    tables = [feature_table(name) for name in sorted({each.feature_table for each in filters if each.feature_table})]
    of_all_models = [table for table in tables if not table.differs_by_model]
    of_one_model = [table for table in tables if table.differs_by_model]
    shared = _resolve_feature_tables(of_all_models, configuration, split, models[0], resolver)
    by_model = {model: _resolve_feature_tables(of_one_model, configuration, split, model, resolver) for model in models}
    features = shared + by_model[models[0]]
    _require_no_conflict(columns, filters, features, str(split.location))
    _require_numbers(files, columns, filters, str(split.location))
    if features and columns.sequence_id is None:
        raise UserError(
            f"{split.location}: without a column of ids, --{features[0].table.name} cannot be joined.\n"
            "Add a column `sequence_id`, or leave out the feature tables."
        )
    resources = Resources(vocabulary, frequencies, language_model)
    return ResolvedSplit(split, models, files, columns, resources, shared, by_model)


def _resolve_feature_tables(
    tables: Iterable[FeatureTable], configuration: Configuration, split: Split, model: str | None, resolver: Resolver
) -> tuple[FeatureFiles, ...]:
    found = [
        resolve_feature_table(table, location, model, resolver)
        for table in tables
        for location in feature_locations(table, configuration, split, model)
    ]
    return tuple(feature for feature in found if feature is not None)


def _require_no_conflict(
    columns: InputColumns, filters: tuple[Filter, ...], features: tuple[FeatureFiles, ...], source: str
) -> None:
    """A user's column may stand for a metric that nothing else gives, but never be written over."""
    given = {metric for feature in features for metric, _ in feature.values}
    written = {c.name for each in filters if each.measure is not None for c in each.columns} - {"text"} | given
    internal = {name for name in columns.others if name.startswith(INTERNAL)}
    taken = internal | set(columns.others) & (written | set(RESERVED) | {"sequence_id", "tokens", "text"})
    if taken:
        names = ", ".join(f"`{printable(name)}`" for name in sorted(taken))
        raise UserError(
            f"{source}: the run itself writes columns named {names}.\n"
            "Rename them in the source, or leave out their filters with --filters."
        )


def _require_numbers(files: Source, columns: InputColumns, filters: tuple[Filter, ...], source: str) -> None:
    """A user's column that stands for a joined metric must hold what the metric holds."""
    joined = {column.name: column for each in filters if each.measure is None for column in each.columns}
    for name in set(columns.others) & set(joined):
        found, fits = files.schema.field(name).type, is_integer if is_integer(joined[name].type) else is_number
        if not fits(found) or pa.types.is_uint64(found):
            raise UserError(f"{source}: expected {joined[name].type} in column `{name}`, found {found}.")
