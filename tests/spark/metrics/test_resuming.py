"""A job that was stopped goes on with the tasks that it has not finished; the result is that of one attempt."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from filters.contract import Column, Filter, Sequences
from filters.registry import choose_filters
from spark.metrics.job import MetricsJob
from spark.metrics.resuming import attempts_at
from tests.filters.language_model.plain_reference import VOCABULARY_SIZE, small_model
from tests.spark.metrics.test_job import metrics_job, read

ROWS = 250
POISON = 77  # a token of the last row only


def counting_filter(log: Path) -> Filter:
    """Return a filter that logs how many rows it measures, and fails on the poison as long as the log is not read."""

    def measure(sequences: Sequences) -> tuple[pa.Array, ...]:
        assert sequences.tokens is not None
        rows = len(sequences.tokens.offsets) - 1
        if POISON in sequences.tokens.values and not log.with_suffix(".healed").exists():
            raise ValueError("poison")
        with log.open("a") as file:
            file.write(f"{rows}\n")
        return (pa.array(np.add.reduceat(sequences.tokens.values, sequences.tokens.offsets[:-1]), pa.int64()),)

    return Filter("total", "", (Column("total", pa.int64(), ""),), ("tokens",), measure)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    generator = np.random.default_rng(4)
    tokens = generator.integers(POISON + 1, VOCABULARY_SIZE, (ROWS, 64))
    tokens[-1, 5] = POISON
    tokens[3] = -1  # rejected
    path = tmp_path / "data.parquet"
    pq.write_table(pa.table({"sequence_id": range(ROWS), "tokens": list(tokens)}), path, row_group_size=20)
    return path


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models") / "mine"
    small_model().save_pretrained(path)
    return path


def stopped_job(spark: Any, data: Path, run: Path, log: Path, **options: Any) -> MetricsJob:
    """Return a job that was stopped by its last row."""
    spark.conf.set("spark.sql.files.maxPartitionBytes", "8k")
    job = metrics_job(data, run, **options)
    job = replace(job, filters=(counting_filter(log), *job.filters))
    with pytest.raises(Exception, match="poison"):
        job.run(spark)
    assert not job.is_complete()
    log.with_suffix(".healed").touch()
    log.write_text("")
    return job


def rows_finished(job: MetricsJob) -> int:
    """Return the number of rows of the tasks that left a report."""
    return sum(json.loads(path.read_text())["rows"] for path in attempts_at(job).rglob("*.json"))


def rows_in(log: Path) -> int:
    return sum(map(int, log.read_text().split()))


@pytest.mark.parametrize("with_model", [False, True], ids=["parts of a file", "with a model"])
def test_a_stopped_job_measures_only_the_rest(
    spark: Any, data: Path, model: Path, tmp_path: Path, with_model: bool
) -> None:
    options = {"filters": "repetition,likelihood", "model": str(model)} if with_model else {"filters": "repetition"}
    log = tmp_path / "log"
    job = stopped_job(spark, data, tmp_path / "run", log, **options)
    finished = rows_finished(job)
    assert finished >= ROWS // 3
    counted = spark.sparkContext.accumulator(0)
    job.run(spark, counted)
    assert rows_in(log) in (ROWS - finished, ROWS - finished - 1)  # one row is rejected, before or after the stop
    assert counted.value == ROWS
    once = metrics_job(data, tmp_path / "once", **options)
    once = replace(once, filters=job.filters)
    once.run(spark)
    for kind in ("metrics", "rejected"):
        assert read(tmp_path / "run" / kind) == read(tmp_path / "once" / kind)
    (written,), (expected,) = job.already_written().values(), once.already_written().values()
    assert (written.rows_read, written.counts, written.rejected_kinds) == (
        expected.rows_read,
        expected.counts,
        expected.rejected_kinds,
    )
    assert not attempts_at(job).exists()


def changed_data(job: MetricsJob, data: Path) -> MetricsJob:
    os.utime(data, (1, 1))
    return job


def other_filters(job: MetricsJob, data: Path) -> MetricsJob:
    return replace(job, filters=(*job.filters, *choose_filters(("compressibility",))))


@pytest.mark.parametrize("change", [changed_data, other_filters])
def test_a_job_with_other_data_or_filters_begins_anew(
    spark: Any, data: Path, tmp_path: Path, change: Callable[[MetricsJob, Path], MetricsJob]
) -> None:
    log = tmp_path / "log"
    job = change(stopped_job(spark, data, tmp_path / "run", log, filters="repetition"), data)
    job.run(spark)
    assert rows_in(log) == ROWS - 1
    assert len(read(tmp_path / "run" / "metrics")) == ROWS - 1


def test_rows_that_a_join_moves_between_tasks_are_measured_anew(spark: Any, data: Path, tmp_path: Path) -> None:
    counts, log = tmp_path / "counts.parquet", tmp_path / "log"
    pq.write_table(pa.table({"sequence_id": range(ROWS), "counts": range(ROWS)}), counts)
    job = stopped_job(spark, data, tmp_path / "run", log, filters="duplicates", duplicates=str(counts))
    job.run(spark)
    assert rows_in(log) == ROWS - 1
    assert [row["sequence_duplicates"] for row in read(tmp_path / "run" / "metrics")][-1] == ROWS - 1
