"""From the configuration to the splits that a run measures: what is asked for, checked, and where it is."""

from __future__ import annotations

from dataclasses import replace

from filters.registry import choose_filters
from sample import paths as sample_paths
from spark.metrics.configuration import Configuration
from spark.metrics.language_models import PUBLISHED
from spark.metrics.local_datasets import local_dataset_splits
from spark.metrics.split import Split, memories_splits, one_model_each
from spark.sources import catalog
from spark.sources.catalog import TableLocation
from spark.storage.paths import AnyPath, require_reachable, storage_path
from utils import UserError, nearest, printable, require_known


def plan_splits(configuration: Configuration) -> list[Split]:
    """Every split that the configuration asks for, in its order; raises UserError for what is not known."""
    splits = [split for name in configuration.datasets for split in _splits_of(name, configuration)]
    if any(each.asks_model for each in choose_filters(configuration.filters)):
        splits = one_model_each(splits)
    written = [(split.dataset, split.scheme, model) for split in splits for model in split.models]
    twice = next((key for key in written if written.count(key) > 1), None)
    if twice:
        raise UserError(
            f"Two of --datasets would both be written as {'/'.join(str(part) for part in twice)}.\n"
            "Measure them in two runs, or rename one."
        )
    return splits


def _splits_of(name: str, configuration: Configuration) -> list[Split]:
    if name == "sample":
        return _sample_splits(configuration)
    if name in catalog.HUB_DATASETS:
        return _hub_splits(name, configuration)
    path = _existing_path(name)
    if path is None:
        raise UserError(
            f"Unknown dataset {printable(name[:200])!r}{nearest(name, catalog.DATASETS)}, and no such path.\n"
            f"Known: {', '.join(catalog.DATASETS)}, or the path of a Parquet / JSONL file or directory."
        )
    return local_dataset_splits(path, configuration)


def _existing_path(name: str) -> AnyPath | None:
    try:
        path = storage_path(name)
    except (RuntimeError, ValueError):  # no name that a path could have
        return None
    require_reachable(path)
    try:
        return path if path.exists() else None
    except (OSError, ValueError):
        return None


def _sample_splits(configuration: Configuration) -> list[Split]:
    models = configuration.models or sample_paths.MODELS
    schemes = configuration.schemes or sample_paths.SCHEMES
    require_known("model of the sample", models, sample_paths.MODELS)
    require_known("scheme of the sample", schemes, sample_paths.SCHEMES)
    tokenizer = configuration.tokenizer or str(sample_paths.tokenizer_path())
    language_model = configuration.model or str(sample_paths.model_directory("{scheme}", "{model}"))
    memories = TableLocation(str(sample_paths.memories_directory()), is_local=True)
    splits = memories_splits("sample_memories", memories, schemes, models, tokenizer, language_model) + [
        Split(
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
    return [replace(split, is_sample=True) for split in splits]


def _hub_splits(name: str, configuration: Configuration) -> list[Split]:
    models = configuration.models or catalog.SMALLEST_MODEL
    schemes = configuration.schemes or catalog.SMALLEST_SCHEME
    require_known("model", models, (*catalog.MODELS, *catalog.CHECKPOINTS))
    require_known("scheme", schemes, catalog.SCHEMES)
    tokenizer = configuration.tokenizer or catalog.PYTHIA_TOKENIZER
    language_model = configuration.model or PUBLISHED
    if name == "memories":
        memories = TableLocation(catalog.MEMORIES_REPOSITORY)
        return memories_splits(name, memories, schemes, models, tokenizer, language_model)
    if name == "pile":
        locations = [(scheme, TableLocation(catalog.PILE_REPOSITORY.format(scheme=scheme))) for scheme in schemes]
        return [Split(name, "pile", scheme, models, pile, tokenizer, language_model) for scheme, pile in locations]
    location = TableLocation(catalog.PILE_TEST_REPOSITORY)
    return [Split(name, "plain", None, (None,), location, tokenizer, configuration.model)]
