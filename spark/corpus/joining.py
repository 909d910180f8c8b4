"""The commands that join the tables of a run to the sequences that they were built for."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator

from filters.contract import FeatureTable
from filters.feature_tables import FEATURE_TABLES
from sample import paths as sample_paths
from spark.corpus.configuration import SAMPLE, FeatureConfiguration
from spark.corpus.jobs import job_class
from spark.corpus.planning import PlannedFeature
from spark.runs.options import given_options
from spark.sources.corpora import SPLIT_MARK, tokenizer_of
from spark.sources.hub.datasets import local_splits
from spark.sources.hub_layout import is_hub_layout
from spark.sources.local_files import find_files
from spark.sources.patterns import exists
from spark.sources.saved_datasets import saved_splits
from spark.storage.paths import AnyPath, storage_path
from utils import UserError

MY_SEQUENCES = "MY_SEQUENCES.parquet"  # in place of data that calculate_metrics.py does not read
# Options that both programs share, and that differ, are made here, or need a model in calculate_metrics.py.
SEPARATE = ("run_id", "schemes", "tokenizer", "prompt_tokens")


def joining_commands(
    planned: Iterable[PlannedFeature], configuration: FeatureConfiguration, directory: AnyPath, shared: Iterable[str]
) -> Iterator[str]:
    """Yield the arguments of calculate_metrics.py that measure the sequences and join the tables of this run.

    One command for all schemes, or one per scheme if each has its own sequences. directory: of the run. shared: names
    of the options that both programs have; those that were given are repeated.
    """
    by_data: dict[str, list[PlannedFeature]] = {}
    for each in planned:
        if each.feature in _TABLES and _has_the_ids(each, configuration):
            by_data.setdefault(_measured(each, configuration), []).append(each)
    repeated = given_options(configuration, [name for name in shared if name not in SEPARATE])
    for data, features in by_data.items():
        arguments = _data_arguments(data, features)
        for feature in features:
            option, path = f"--{feature.feature}", str(directory / _path_to_join(_TABLES[feature.feature], feature))
            if option not in arguments:
                arguments += [option, path]
        yield shlex.join(arguments + repeated)


def _data_arguments(data: str, features: list[PlannedFeature]) -> list[str]:
    """Return the options that name the data, its schemes and its tokenizer."""
    schemes = tuple(dict.fromkeys(each.scheme for each in features if each.scheme is not None))
    of_all_schemes = data == SAMPLE and schemes == sample_paths.SCHEMES
    scheme_arguments = ["--schemes", ",".join(schemes)] if schemes and not of_all_schemes else []
    if data == SAMPLE:
        return scheme_arguments
    tokenizer = features[0].tokenizer or tokenizer_of(features[0].corpus)
    return ["--datasets", data, *scheme_arguments, *(["--tokenizer", tokenizer] if tokenizer else [])]


def _measured(planned: PlannedFeature, configuration: FeatureConfiguration) -> str:
    """Return the data to measure: the sequences, or the corpus itself."""
    if configuration.sequences is None and configuration.corpus == SAMPLE:
        return SAMPLE
    source = configuration.sequences or configuration.corpus
    source = source if planned.scheme is None else source.replace("{scheme}", planned.scheme)
    return source if _is_measurable(source) else MY_SEQUENCES


def _has_the_ids(planned: PlannedFeature, configuration: FeatureConfiguration) -> bool:
    """Return whether the ids of a table are those of the sequences: not if two different sources were cut."""
    are_two = configuration.sequences is not None and configuration.cut is not None
    return not (are_two and job_class(planned.feature).of_rows)


def _is_measurable(source: str) -> bool:
    """Return whether calculate_metrics.py reads the same rows at a source as build_features.py."""
    path = storage_path(source)
    if "," in source or SPLIT_MARK in source or not exists(path):
        return False
    try:
        if len(saved_splits(path)) > 1 or (is_hub_layout(path) and len(local_splits(path)) > 1):
            return False
        return find_files(path) == find_files(path, as_corpus=True)
    except UserError:
        return False


def _path_to_join(table: FeatureTable, planned: PlannedFeature) -> str:
    """Return the path to join: the dataset, with `{scheme}` for the scheme.

    The split is appended if the published dataset has other splits.
    """
    if planned.scheme is None:
        return planned.dataset
    dataset = table.dataset_of("{scheme}")
    is_split_by_scheme = planned.splits == (planned.scheme,)
    is_as_published = table.split_names("plain", planned.scheme, None) == planned.splits
    return f"{dataset}/{{scheme}}" if is_split_by_scheme and not is_as_published else dataset


_TABLES = {table.name: table for table in FEATURE_TABLES}
