"""The usual readers open `metrics/` and `rejected/` without being told anything."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from filters.registry import choose_filters
from spark.metrics.configuration import build_configuration
from spark.metrics.jobs import resolve_jobs
from spark.metrics.planning import plan_sequence_tables
from spark.sources.resolver import Resolver
from tests.readers import READERS
from tests.spark.metrics.test_job import metrics_job, read
from utils import UserError

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


JSON_ROWS = (
    {"text": "one two three", "mine": "a", "size": 1, "meta": {"x": 1}},
    {"text": "four five six", "mine": "b", "size": 2, "meta": {"x": 2}},
    {"text": "", "mine": "c", "size": 3, "meta": None},
)
PARQUET_COLUMNS = {
    "sequence_id": pa.array([7, 8], pa.int64()),
    "tokens": pa.array([[1, 2, 3], []], pa.list_(pa.int64())),
    "size": pa.array([0.5, 1.5], pa.float64()),
    "meta": pa.array([{"y": "z"}, None]),
    "theirs": pa.array([True, False]),
}


def run_of(data: Path, names: tuple[str, ...], run: Path) -> list[Any]:
    """Return the jobs of a run of several files without a tokenizer, as the program resolves them."""
    configuration = build_configuration({"datasets": [str(data / name) for name in names]})
    filters = choose_filters(configuration.filters)
    resolver = Resolver(run / "cache", {}, lambda _: None)
    return resolve_jobs(plan_sequence_tables(configuration), filters, configuration, resolver, run)


@pytest.fixture(scope="module")
def mixed_run(spark: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a run of texts in JSON and tokens in Parquet, with different columns of their own."""
    data, run = tmp_path_factory.mktemp("data"), tmp_path_factory.mktemp("run")
    (data / "a.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in JSON_ROWS))
    pq.write_table(pa.table(PARQUET_COLUMNS), data / "b.parquet")
    for job in run_of(data, ("a.jsonl", "b.parquet"), run):
        job.run(spark)
    return run


@pytest.mark.parametrize("kind", ["metrics", "rejected"])
@pytest.mark.parametrize("reader", READERS)
def test_a_reader_opens_datasets_with_different_columns_together(mixed_run: Path, reader: str, kind: str) -> None:
    rows, columns = READERS[reader](mixed_run / kind)
    assert rows == {"metrics": 3, "rejected": 2}[kind]
    assert {"sequence_id", "tokens", "text", "mine", "size", "meta", "theirs"} <= columns


@pytest.mark.parametrize("kind", ["metrics", "rejected"])
def test_all_tables_of_a_run_have_one_schema(mixed_run: Path, kind: str) -> None:
    one, other = (pq.read_schema(path) for path in sorted((mixed_run / kind).rglob("*.parquet")))
    assert one.equals(other, check_metadata=True)


def test_columns_that_a_dataset_lacks_are_null_and_types_are_widened(mixed_run: Path) -> None:
    names = ("tokens", "text", "mine", "size", "meta", "theirs")
    assert [tuple(row[name] for name in names) for row in read(mixed_run / "metrics")] == [
        (None, "one two three", "a", 1.0, {"x": 1, "y": None}, None),
        (None, "four five six", "b", 2.0, {"x": 2, "y": None}, None),
        ([1, 2, 3], None, None, 0.5, {"x": None, "y": "z"}, True),
    ]
    assert [tuple(row[name] for name in names) for row in read(mixed_run / "rejected")] == [
        (None, b"", "c", 3.0, None, None),
        ([], None, None, 1.5, None, False),
    ]


def test_the_reasons_of_null_columns_name_the_dataset(mixed_run: Path, tmp_path: Path) -> None:
    data = tmp_path
    (data / "a.jsonl").write_text('{"text": "one", "mine": 1}\n')
    pq.write_table(pa.table({"tokens": [[1]]}), data / "b.parquet")
    texts, tokens = run_of(data, ("a.jsonl", "b.parquet"), tmp_path / "run")
    assert texts.null_columns(None)["tokens"].startswith("no tokenizer known to encode the text")
    assert tokens.null_columns(None)["text"].startswith("no tokenizer known to decode the tokens")
    assert (tokens.null_columns(None)["mine"], "mine" in texts.null_columns(None)) == ("b has no such column", False)


def test_types_that_nothing_holds_without_loss_are_refused_before_spark_starts(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "one", "label": 1}\n')
    (tmp_path / "b.jsonl").write_text('{"text": "one", "label": "good"}\n')
    expected = r"Column `label` is int64 in .*a.jsonl, string in .*b.jsonl; .*\nConvert or rename .* two runs"
    with pytest.raises(UserError, match=expected):
        run_of(tmp_path, ("a.jsonl", "b.jsonl"), tmp_path / "run")
