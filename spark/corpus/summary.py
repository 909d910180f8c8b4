"""Reports of `build_features.py`: the plan, the schema, and the removed duplicates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import pyarrow.parquet as pq

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
