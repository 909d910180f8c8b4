"""The usual readers open `metrics/` and `rejected/` without being told anything."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.readers import READERS
from tests.spark.metrics.test_job import metrics_job

PARTITIONS = {"dataset", "scheme", "model"}


@pytest.fixture(scope="module")
def run_directory(spark: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a run of two datasets: one with a scheme and a model, one with neither."""
    data, run = tmp_path_factory.mktemp("data"), tmp_path_factory.mktemp("run")
    for name in ("named", "plain"):
        pq.write_table(pa.table({"sequence_id": [1, 2, 3], "tokens": [[1, 2], [3, 4], []]}), data / f"{name}.parquet")
    metrics_job(data / "named.parquet", run, schemes="deduped", models="70m").run(spark)
    metrics_job(data / "plain.parquet", run).run(spark)
    return run


@pytest.mark.parametrize("reader", READERS)
def test_a_reader_opens_the_metrics_of_data_with_and_without_a_scheme(run_directory: Path, reader: str) -> None:
    rows, columns = READERS[reader](run_directory / "metrics")
    assert rows == 4
    assert {"sequence_id", "tokens", "repeating_offset"} <= columns
    assert columns >= PARTITIONS or reader == "datasets"


@pytest.mark.parametrize("reader", READERS)
def test_a_reader_opens_the_rejected_rows(run_directory: Path, reader: str) -> None:
    rows, columns = READERS[reader](run_directory / "rejected")
    assert (rows, {"sequence_id", "reason"} <= columns) == (2, True)


def test_spark_reads_the_word_for_no_value(spark: Any, run_directory: Path) -> None:
    found = spark.read.parquet(str(run_directory / "metrics")).select("dataset", "scheme", "model").distinct().collect()
    assert {tuple(row) for row in found} == {("named", "deduped", "70m"), ("plain", "none", "none")}
