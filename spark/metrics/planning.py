"""Plan the tables that a run measures, from the configuration: check the names, and locate the data."""

from __future__ import annotations

from dataclasses import replace

from filters.registry import choose_filters
from sample import paths as sample_paths
from spark.metrics.configuration import Configuration
from spark.metrics.language_models import PUBLISHED, asked_model
from spark.metrics.local_datasets import local_tables
from spark.metrics.sequence_table import SequenceTable, memories_tables, one_model_each
from spark.sources import catalog
from spark.sources.catalog import TableLocation
from spark.sources.patterns import exists
from spark.storage.paths import AnyPath, require_reachable, storage_path
from utils import UserError, nearest, printable, require_known


def plan_sequence_tables(configuration: Configuration) -> list[SequenceTable]:
    """Return the tables of all datasets, in the order of the configuration.

    Raises UserError for an unknown dataset, model or scheme, and for two tables with the same output partition.
    """
    tables = [table for name in configuration.datasets for table in _tables_of(name, configuration)]
    if any(each.asks_model for each in choose_filters(configuration.filters)):
        tables = [replace(table, asked=asked_model(table)) for table in one_model_each(tables)]
    written = [(table.dataset, table.scheme, model) for table in tables for model in table.levels]
    twice = next((key for key in written if written.count(key) > 1), None)
    if twice:
        raise UserError(
            f"Two of --datasets would both be written as {'/'.join(str(part) for part in twice)}.\n"
            "Measure them in two runs, or rename one."
        )
    return tables


def _tables_of(name: str, configuration: Configuration) -> list[SequenceTable]:
    if name == "sample":
        return _sample_tables(configuration)
    if name in catalog.HUB_DATASETS:
        return _hub_tables(name, configuration)
    path = _existing_path(name)
    if path is None:
        raise UserError(
            f"Unknown dataset {printable(name[:200])!r}{nearest(name, catalog.DATASETS)}, and no such path.\n"
            f"Known: {', '.join(catalog.DATASETS)}; the path of a file or directory; a pattern such as 'data/*.jsonl'."
        )
    return local_tables(path, configuration)


def _existing_path(name: str) -> AnyPath | None:
    try:
        path = storage_path(name)
    except (RuntimeError, ValueError):  # not a valid path
        return None
    require_reachable(path)
    try:
        return path if exists(path) else None
    except (OSError, ValueError):
        return None


def _sample_tables(configuration: Configuration) -> list[SequenceTable]:
    models = configuration.models or sample_paths.MODELS
    schemes = configuration.schemes or sample_paths.SCHEMES
    require_known("model of the sample", models, sample_paths.MODELS)
    require_known("scheme of the sample", schemes, sample_paths.SCHEMES)
    tokenizer = configuration.tokenizer or str(sample_paths.tokenizer_path())
    language_model = configuration.model or str(sample_paths.model_directory("{scheme}", "{model}"))
    memories = TableLocation(str(sample_paths.memories_directory()), is_local=True)
    tables = memories_tables("sample_memories", memories, schemes, models, tokenizer, language_model) + [
        SequenceTable(
            "sample_pile",
            "pile",
            scheme,
            models,
            TableLocation(str(sample_paths.pile_directory(scheme)), is_local=True),
            tokenizer,
            language_model,
        )
        for scheme in schemes
    ]
    return [replace(table, is_sample=True) for table in tables]


def _hub_tables(name: str, configuration: Configuration) -> list[SequenceTable]:
    models = configuration.models or catalog.SMALLEST_MODEL
    schemes = configuration.schemes or catalog.SMALLEST_SCHEME
    require_known("model", models, (*catalog.MODELS, *catalog.CHECKPOINTS))
    require_known("scheme", schemes, catalog.SCHEMES)
    tokenizer = configuration.tokenizer or catalog.PYTHIA_TOKENIZER
    language_model = configuration.model or PUBLISHED
    if name == "memories":
        memories = TableLocation(catalog.MEMORIES_REPOSITORY)
        return memories_tables(name, memories, schemes, models, tokenizer, language_model)
    if name == "pile":
        locations = [(scheme, TableLocation(catalog.PILE_REPOSITORY.format(scheme=scheme))) for scheme in schemes]
        return [
            SequenceTable(name, "pile", scheme, models, pile, tokenizer, language_model) for scheme, pile in locations
        ]
    location = TableLocation(catalog.PILE_TEST_REPOSITORY)
    return [SequenceTable(name, "plain", None, (None,), location, tokenizer, configuration.model)]
