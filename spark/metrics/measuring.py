"""Measure all rows of a table of sequences: read, join, measure, write and publish."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import reduce
from typing import TYPE_CHECKING, Any

from pyspark.sql import Observation
from pyspark.sql import functions as F  # noqa: N812

from filters.contract import Filter
from spark.metrics.feature_joins import join_feature, require_unique_keys
from spark.metrics.feature_tables import FeatureFiles
from spark.metrics.resuming import Attempt, attempts_at, begin_attempt
from spark.metrics.row_selection import draw_sample, reject_repeated_ids
from spark.metrics.stage import REJECTED, Outcome, Stage
from spark.session.job_descriptions import MEASURE, READ_SCHEMAS, phase
from spark.session.task_sizes import share_out
from spark.sources.sequences import read_sequences
from spark.storage.paths import discard
from spark.storage.publishing import TEMPORARY, Written, publish, withdraw

if TYPE_CHECKING:
    from pyspark import Accumulator
    from pyspark.sql import DataFrame, SparkSession

    from spark.metrics.job import MetricsJob

log = logging.getLogger("memorization")


def measure_all(job: MetricsJob, spark: SparkSession, rows_done: Accumulator[int]) -> None:
    """Measure all rows of a job and publish a table per model."""
    started, resolved = time.monotonic(), job.resolved
    features = job.features(resolved.models, job.filters)
    read = Observation()
    with phase(spark, READ_SCHEMAS):
        rows = _load(job, spark).observe(read, F.count(F.lit(1)).alias("rows"))
        rows = with_features(rows, features, job.filters, job.rows_known)
        attempt = begin_attempt(job, rows, resolved.files, features, job.filters)
    stage = make_stage(job, spark, resolved.models, job.filters, attempt, rows_done)
    with phase(spark, MEASURE):
        outcome = stage.run(rows, attempt and attempt.finished)
    # If Spark finds during the run that there is no row, it drops the observation from its plan.
    rows_read = read.get["rows"] if outcome.rows else _load(job, spark).count()
    require_rows(spark, features, rows_read, outcome.rows)
    if job.configuration.sample_size is None and resolved.files.rows not in (None, outcome.rows):
        raise RuntimeError(f"expected {resolved.files.rows} rows, as the files declare, found {outcome.rows}")
    _publish(job, stage, outcome, time.monotonic() - started)
    discard(stage.directory)
    discard(attempts_at(job))


def make_stage(
    job: MetricsJob,
    spark: SparkSession,
    models: tuple[str | None, ...],
    measured: tuple[Filter, ...],
    attempt: Attempt | None,
    rows_done: Accumulator[int],
) -> Stage:
    """Return the stage that measures some filters. attempt: None if nothing of it can be used by another one."""
    # A new directory for each attempt: workers of a killed attempt may still be writing.
    directory = job.run_directory.resolve() / TEMPORARY / uuid.uuid4().hex
    if attempt is not None:
        directory = attempt.directory
        if attempt.finished:
            rows = sum(report["rows"] for report in attempt.finished.values())
            log.info("%s: %d rows were measured before the run stopped", job.description, rows)
    resources = spark.sparkContext.broadcast(job.resolved.resources)
    return Stage(job.output_schema, measured, models, resources, directory, rows_done, attempt is not None)


def with_features(
    rows: DataFrame, features: Sequence[FeatureFiles], measured: Sequence[Filter], rows_known: int | None
) -> DataFrame:
    """Return the rows with the columns of the feature tables, divided into short tasks if a model is asked."""
    rows = reduce(join_feature, features, rows)
    return share_out(rows, rows_known) if any(each.asks_model for each in measured) else rows


def require_rows(spark: SparkSession, features: Sequence[FeatureFiles], expected: int, found: int) -> None:
    """Raise an error if not all rows were measured; UserError if a feature table with repeated keys is the cause."""
    if found != expected:
        for feature in features:
            require_unique_keys(spark, feature)
        raise RuntimeError(f"expected to measure the {expected} rows that were read, found {found}")


def this_pass(measured: Sequence[Filter], seconds: float) -> Mapping[str, Any]:
    """Return the description of a pass over the rows, for the marker and `run.json`."""
    finished = datetime.now(UTC).isoformat(timespec="seconds")
    return {"filters": [each.name for each in measured], "seconds": round(seconds, 3), "finished": finished}


def _load(job: MetricsJob, spark: SparkSession) -> DataFrame:
    rows = read_sequences(spark, job.resolved.files, job.resolved.columns)
    if job.configuration.sample_size is not None:
        rows = draw_sample(rows, job.configuration.sample_size, job.configuration.sample_seed)
    return reject_repeated_ids(rows) if job.resolved.columns.sequence_id else rows


def _publish(job: MetricsJob, stage: Stage, outcome: Outcome, seconds: float) -> None:
    """Publish the rejected rows first: once the metrics are published, the job counts as complete."""
    rejected_rows = sum(outcome.rejected.values())
    withdraw(job.run_directory, job.rejected_table, stage.directory)
    if rejected_rows:
        written = Written(outcome.rows, rejected_rows, seconds, {"rows": 0}, rejected_kinds=outcome.rejected)
        publish(stage.directory / REJECTED, job.run_directory, job.rejected_table, written)
    for model in job.resolved.models:
        written = Written(
            outcome.rows,
            rejected_rows,
            seconds,
            outcome.counts[model],
            rejected_kinds=outcome.rejected,
            filters=[each.name for each in job.filters],
            null_columns=list(job.null_columns(model)),
            passes=[this_pass(job.filters, seconds)],
        )
        publish(stage.table_directory(model), job.run_directory, job.table("metrics", model), written)
