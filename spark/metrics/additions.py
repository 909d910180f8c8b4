"""Add columns to the published table of an earlier pass: measure only those, and copy the others.

The new table replaces the old one when it is complete; until then the old one stays as it is.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as F  # noqa: N812

from filters.contract import Filter
from spark.metrics.measuring import make_stage, require_rows, this_pass, with_features
from spark.metrics.resuming import attempts_at, begin_attempt
from spark.metrics.stage import REJECTED, Outcome, Stage
from spark.session.job_descriptions import MEASURE, READ_SCHEMAS, phase
from spark.sources.formats.parquet import open_parquet
from spark.sources.input_columns import InputColumns
from spark.sources.internal_columns import of_model, other_column
from spark.sources.sequences import read_sequences
from spark.sources.source import Source
from spark.storage.paths import AnyPath, copy_file, discard, files_below, rename
from spark.storage.publishing import Written, read_marker
from spark.storage.replacing import replace_tables

if TYPE_CHECKING:
    from pyspark import Accumulator
    from pyspark.sql import DataFrame, SparkSession

    from spark.metrics.job import MetricsJob


@dataclass(frozen=True)
class Extended:
    """A published table to which columns are added.

    model: that names the level of the new table. metrics, rejected: the paths of the old tables, relative to the run.
    """

    model: str | None
    metrics: str
    rejected: str
    written: Written


def filters_to_add(filters: Collection[Filter], written: Written, nulls: Collection[str]) -> tuple[Filter, ...]:
    """Return the filters whose columns a published table lacks, or has as nulls although they are known now.

    nulls: the columns that are null in every row of the new table.
    """
    changed = set(nulls).symmetric_difference(written.null_columns)
    return tuple(
        each
        for each in filters
        if each.name not in written.filters or not changed.isdisjoint(column.name for column in each.columns)
    )


def table_to_extend(job: MetricsJob, model: str | None) -> Extended | None:
    """Return the published table to add the columns to; None if there is none, so that all rows must be measured.

    A table that was measured without a language model has no level for it.
    """
    levels = (model, None) if job.resolved.models == (job.resolved.sequences.asked,) else (model,)
    for level in levels:
        written = read_marker(job.run_directory, job.table("metrics", level))
        if written is not None and written.filters:
            rejected = job.rejected_table if level == model else job.table("rejected", level)
            return Extended(model, job.table("metrics", level), rejected, written)
    return None


def add_columns(job: MetricsJob, old: Extended, spark: SparkSession, rows_done: Accumulator[int]) -> None:
    """Write and publish the table with the columns that it lacks; rows that a new model cannot score are rejected."""
    started, model, rows = time.monotonic(), old.model, old.written.counts["rows"]
    added = filters_to_add(job.filters, old.written, job.null_columns(model))
    features = job.features((model,), added)
    outcome, attempt = Outcome(0, {}, {model: {"rows": 0}}), None
    stage = make_stage(job, spark, (model,), added, None, rows_done)
    if rows:
        with phase(spark, READ_SCHEMAS):
            source = _published(job, old)
            frame, columns = _read_published(job, old, source, spark)
            frame = with_features(frame, features, added, rows)
            attempt = begin_attempt(job, frame, source, features, added)
        stage = make_stage(job, spark, (model,), added, attempt, rows_done)
        stage = replace(stage, output_schema=replace(job.output_schema, input_columns=columns))
        with phase(spark, MEASURE):
            outcome = stage.run(frame, attempt and attempt.finished)
    require_rows(spark, features, rows, outcome.rows)
    _replace(job, old, stage, outcome, this_pass(added, time.monotonic() - started))
    discard(stage.directory)
    discard(attempts_at(job))


def _published(job: MetricsJob, old: Extended) -> Source:
    return open_parquet(tuple(job.run_directory.resolve() / old.metrics / name for name in sorted(old.written.files)))


def _read_published(
    job: MetricsJob, old: Extended, source: Source, spark: SparkSession
) -> tuple[DataFrame, InputColumns]:
    """Return the rows of the published table as rows of a source, and which of its columns are which.

    Tokens and text are those that the source had; the others are made from them again. All other columns are copied.
    """
    given = job.resolved.columns
    tokens, text = given.tokens and "tokens", given.text and "text"
    others = tuple(name for name in source.schema.names if name not in ("sequence_id", "tokens", "text"))
    columns = InputColumns("sequence_id", tokens, text, (), others)
    frame = read_sequences(spark, source, columns)
    if text and tokens:
        # A null text was decoded from its tokens, perhaps to an empty one.
        frame = frame.withColumn("text", F.when(F.col("text") != "", F.col("text")))
    scores = tuple(pair for pair in given.scores if pair[0] == old.model)
    if scores:
        score = F.col(other_column(others.index("memorization_score")))
        frame = frame.withColumn(of_model(old.model, "memorization_score"), score)
    return frame, replace(columns, scores=scores)


def _replace(job: MetricsJob, old: Extended, stage: Stage, outcome: Outcome, new_pass: Mapping[str, Any]) -> None:
    written, rejected = old.written, sum(outcome.rejected.values())
    new = Written(
        written.rows_read,
        written.rows_rejected + rejected,
        new_pass["seconds"],
        outcome.counts[old.model],
        rejected_kinds={
            kind: written.rejected_kinds.get(kind, 0) + outcome.rejected.get(kind, 0)
            for kind in (*written.rejected_kinds, *outcome.rejected)
        },
        filters=[each.name for each in job.filters],
        null_columns=list(job.null_columns(old.model)),
        passes=[*written.passes, new_pass],
    )
    tables = {job.table("metrics", old.model): (stage.table_directory(old.model), new)}
    if new.rows_rejected and (rejected or old.rejected != job.rejected_table):
        _copy_files(job.run_directory / old.rejected, stage.directory / REJECTED, len(new.passes))
        of_rejected = replace(new, counts={"rows": 0}, filters=(), null_columns=(), passes=())
        tables[job.rejected_table] = (stage.directory / REJECTED, of_rejected)
    replaced = {old.metrics, old.rejected} - {job.table("metrics", old.model), job.rejected_table}
    replace_tables(job.run_directory, tables, sorted(replaced))


def _copy_files(source: AnyPath, target: AnyPath, number: int) -> None:
    """Copy the files of a table of rejected rows beside those of a new pass, which come after them.

    number: of the pass, from 1.
    """
    for path in files_below(target).values():
        rename(path, target / path.name.replace("part-", f"part-pass-{number}-", 1))
    for name, path in files_below(source).items():
        copy_file(path, target / name.name)
