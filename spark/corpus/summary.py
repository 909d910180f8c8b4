"""Reports of `build_features.py`: the plan, the schema, the removed duplicates, and how to join the tables."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence

import pyarrow.parquet as pq

from filters.continuation import CONTINUATION_TOKENS
from filters.contract import FeatureTable
from filters.feature_tables import FEATURE_TABLES
from spark.corpus.configuration import FeatureConfiguration
from spark.corpus.deduplication.job import DEDUPLICATION
from spark.corpus.job import FeatureJob
from spark.corpus.jobs import job_class
from spark.corpus.planning import PlannedFeature
from spark.reporting.events import Deduplicated, FeaturePlan, PlannedTable
from spark.storage.paths import AnyPath, arrow_location


def schema_of_features(planned: Iterable[PlannedFeature], configuration: FeatureConfiguration) -> list[dict[str, str]]:
    """Return the columns of all tables, as `run.json` lists them."""
    return [
        {"name": column.name, "type": str(column.type), "feature": feature, "meaning": column.meaning}
        for feature in dict.fromkeys(each.feature for each in planned)
        for column in job_class(feature).columns(configuration)
    ]


def make_feature_plan(run_id: str, directory: AnyPath, jobs: Sequence[FeatureJob]) -> FeaturePlan:
    """Return the plan of a run: what each job would read, count and write."""

    def planned(job: FeatureJob) -> PlannedTable:
        sequences = None
        if "sequences" in job.options:
            sequences = "all of the corpus" if job.sequences is job.corpus else job.sequences.source
        memorized = job.memorized.source if job.memorized is not None else None
        corpus = job.corpus
        tables = list(job.planned.tables)
        return PlannedTable(
            job.description, corpus.source, corpus.rows, corpus.bytes, sequences, memorized, job.strategy(), tables
        )

    return FeaturePlan(run_id, str(directory), [planned(job) for job in jobs])


def deduplications(planned: Iterable[PlannedFeature], directory: AnyPath) -> Iterator[Deduplicated]:
    """Yield one event per deduplication of the run, with the rows of its summary."""
    for each in planned:
        if each.feature == DEDUPLICATION:
            filesystem, summary = arrow_location(directory / each.dataset / "summary")
            yield Deduplicated(each.description, pq.read_table(summary, filesystem=filesystem).to_pylist())


def joining_command(
    planned: Iterable[PlannedFeature], directory: AnyPath, continuation_tokens: int = CONTINUATION_TOKENS
) -> str:
    """Return the options of calculate_metrics.py that join the tables of this run."""
    tables = {table.name: table for table in FEATURE_TABLES}
    options: dict[str, str] = {}
    for each in planned:
        table = tables.get(each.feature)
        if table is not None:
            options[each.feature] = shlex.quote(str(directory / _path_to_join(table, each)))
            if table.counts_continuation and continuation_tokens != CONTINUATION_TOKENS:
                options["continuation_tokens"] = str(continuation_tokens)
    return " ".join(f"--{name} {value}" for name, value in options.items())


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
