"""Which feature tables belong to a split, and their columns under the names of the metrics."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from filters.contract import Filter
from filters.input_types import is_integer, is_number
from filters.vocabulary import LARGEST_VOCABULARY
from sample.paths import FeatureName, feature_directory
from spark.metrics.configuration import FEATURE_TABLES, Configuration
from spark.metrics.split import Split
from spark.sources.catalog import CHECKPOINTS, PUBLISHED_FEATURE_TABLES, TableLocation, feature_splits
from spark.sources.hub_layout import is_hub_layout
from spark.sources.resolver import Resolver
from spark.sources.source import Source
from spark.storage.paths import storage_path
from utils import UserError, printable

KEY_NAMES = ("sequence_id", "index", "Index", "id")
VALUE_NAMES: dict[str, dict[str, tuple[str, ...]]] = {
    "duplicates": {"sequence_duplicates": ("sequence_duplicates", "counts", "Counts", "frequency")},
    "near_duplicates": {
        name: (name,) for name in ("near_duplicates", "near_duplicate_cluster", "near_duplicate_cluster_size")
    },
    "semantic_duplicates": {
        name: (name,) for name in ("0_8_snowclones", "0_9_snowclones", "0_8_templates", "0_9_templates")
    },
    "nl_scores": {"published_nl_scores": ("published_nl_scores", "nl_scores", "nl_score")},
    "perplexities": {
        name: (name,) for name in ("loss", "prompt_perplexity", "generation_perplexity", "sequence_perplexity")
    },
}
BY_MODEL = ("perplexities",)
COUNTS = ("duplicates", "near_duplicates", "semantic_duplicates")
LARGEST_COUNT = 2**53  # beyond, sums of a sequence's counts would not be exact
TOKEN_NAMES = ("token_id", "TokenID")
FREQUENCY_NAMES = ("frequency", "Frequency")

SAMPLE_TABLES: dict[str, FeatureName] = {
    "duplicates": "generation-num-duplicates",
    "token_frequencies": "num-frequencies",
    "near_duplicates": "near-duplicates",
    "semantic_duplicates": "semantic-duplicates",
    "perplexities": "perplexities",
}


@dataclass(frozen=True)
class FeatureFiles:
    """The files of a feature table, with the key column and the value columns by metric name.

    model: where the table says something else of each model, the one of which it speaks; else None.
    """

    table: str
    location: TableLocation
    files: Source
    key: str
    values: tuple[tuple[str, str], ...]
    model: str | None = None


def feature_locations(
    table: str, configuration: Configuration, split: Split, model: str | None
) -> tuple[TableLocation, ...]:
    """Where one feature table of a split is; empty where none was asked for."""
    setting = getattr(configuration, table)
    scheme = split.scheme or "none"
    source, is_local = setting.replace("{scheme}", scheme).replace("{model}", str(model)), True
    if setting == "none" or (setting == "auto" and not split.is_sample):
        return ()
    if setting == "auto":
        if table not in SAMPLE_TABLES:
            return ()
        source = str(feature_directory(SAMPLE_TABLES[table], scheme))
    elif setting == "published":
        source, is_local = PUBLISHED_FEATURE_TABLES[table].format(scheme=scheme), False
    elif not storage_path(source).exists():
        is_local = False
    if is_local and not is_hub_layout(storage_path(source)):
        return (TableLocation(source, is_local=True),)
    return tuple(
        TableLocation(source, name, is_local) for name in feature_splits(table, split.kind, split.scheme, model)
    )


def check_feature_settings(configuration: Configuration, filters: Iterable[Filter]) -> None:
    """Raises UserError for a feature table that is neither a known word, a path, nor a Hub id, or not to be joined."""
    for table in FEATURE_TABLES:
        setting = getattr(configuration, table)
        if setting == "published" and table not in PUBLISHED_FEATURE_TABLES:
            raise UserError(f"--{table}: there is no published table; give a local path or a Hub id, or none.")
        known = setting in ("auto", "none", "published") or "{" in setting
        if not known and not storage_path(setting).exists() and setting.count("/") != 1:
            raise UserError(
                f"--{table}: no such path: {printable(setting)!r}.\n"
                "Expected published, none, the path of a Parquet file or directory, or a Hub id (owner/name)."
            )
    if configuration.perplexities not in ("auto", "none") and any(each.name == "likelihood" for each in filters):
        raise UserError(
            "--perplexities: the filter likelihood asks the language model for them.\n"
            "Leave out the table, or name the filters without model and likelihood."
        )


def resolve_feature_table(
    table: str, location: TableLocation, model: str | None, resolver: Resolver
) -> FeatureFiles | None:
    """The files of one feature table; None for a checkpoint that the published table leaves out.

    Raises UserError where its columns are not those of the table.
    """
    if location.split and model in CHECKPOINTS and location.split not in resolver.resolve(location).splits:
        return None
    files = resolver.files(location)
    key = _present(KEY_NAMES, files)
    names = {metric: _present(choices, files) for metric, choices in VALUE_NAMES[table].items()}
    values = tuple((metric, name) for metric, name in names.items() if name)
    if key is None or not values or (table == "perplexities" and len(values) < len(names)):
        wanted = ", ".join("/".join(choices) for choices in VALUE_NAMES[table].values())
        found = ", ".join(printable(name) for name in files.schema.names)
        raise UserError(f"--{table} {location}: expected columns {'/'.join(KEY_NAMES)} and {wanted}; found {found}.")
    is_value = is_integer if table in COUNTS else is_number
    for name, fits in ((key, is_integer), *((name, is_value) for _, name in values)):
        if not fits(files.schema.field(name).type):
            expected = "whole numbers" if fits is is_integer else "numbers"
            found = files.schema.field(name).type
            raise UserError(f"--{table} {location}: expected {expected} in column `{name}`, found {found}.")
    return FeatureFiles(table, location, files, key, values, model if table in BY_MODEL else None)


def read_token_frequencies(locations: tuple[TableLocation, ...], resolver: Resolver) -> NDArray[np.int64]:
    """How often the corpus holds each token id, int64, by token id: the sum of the tables, -1 where none lists it.

    Raises UserError for a table without the columns, or with a token id that is there twice or cannot be one.
    """
    total = np.full(0, -1, np.int64)
    for location in locations:
        files = resolver.files(location)
        token, frequency = _present(TOKEN_NAMES, files), _present(FREQUENCY_NAMES, files)
        if token is None or frequency is None:
            found = ", ".join(printable(name) for name in files.schema.names)
            raise UserError(f"--token_frequencies {location}: expected columns TokenID and Frequency; found {found}.")
        for name in (token, frequency):
            found = files.schema.field(name).type
            if not is_integer(found):
                raise UserError(f"--token_frequencies {location}: expected whole numbers in `{name}`, found {found}.")
        table = files.read_columns([token, frequency])
        if table.column(0).null_count or table.column(1).null_count:
            raise UserError(f"--token_frequencies {location}: expected no nulls, found some.")
        if (pc.min(table.column(1)).as_py() or 0) < 0 or (pc.max(table.column(1)).as_py() or 0) > LARGEST_COUNT:
            raise UserError(f"--token_frequencies {location}: expected counts from 0 to {LARGEST_COUNT}.")
        ids, counts = (np.asarray(column.cast("int64", safe=False)) for column in table.columns)
        unique, occurrences = np.unique(ids, return_counts=True)
        if (occurrences > 1).any():
            twice = unique[occurrences > 1][0]
            raise UserError(f"--token_frequencies {location}: token id {twice} is there twice; keys must be unique.")
        if len(ids) and not 0 <= unique[0] <= unique[-1] < LARGEST_VOCABULARY:
            raise UserError(
                f"--token_frequencies {location}: expected token ids from 0 to {LARGEST_VOCABULARY - 1}, "
                f"found {unique[0]} to {unique[-1]}."
            )
        total = np.pad(total, (0, max(0, int(ids.max(initial=-1)) + 1 - len(total))), constant_values=-1)
        total[ids] = np.maximum(total[ids], 0) + counts
    return total


def _present(names: tuple[str, ...], files: Source) -> str | None:
    return next((name for name in names if name in files.schema.names), None)
