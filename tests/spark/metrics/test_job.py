"""A job from its input files to its tables: every row is measured or rejected."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet as pq
import pytest

from filters.contract import Column, Filter
from filters.registry import choose_filters
from spark.metrics.configuration import build_configuration
from spark.metrics.job import MetricsJob
from spark.metrics.jobs import resolve_jobs
from spark.metrics.null_columns import null_columns
from spark.metrics.planning import plan_sequence_tables
from spark.sources.resolver import Resolver
from utils import UserError

Write = Callable[..., Path]


def metrics_job(path: Path, output: Path, **options: Any) -> MetricsJob:
    configuration = build_configuration({"datasets": str(path), **options})
    filters = choose_filters(configuration.filters)
    resolver = Resolver(output / "cache", {}, lambda _: None)
    (sequences,) = plan_sequence_tables(configuration)
    (job,) = resolve_jobs([sequences], filters, configuration, resolver, output)
    return job


def read_rows(directory: Path) -> list[dict[str, Any]]:
    """Return the rows of all files in a directory tree, without the partition columns."""
    files = sorted(directory.rglob("*.parquet"))
    return [row for file in files for row in pq.ParquetFile(file).read().to_pylist()]


def read(directory: Path) -> list[dict[str, Any]]:
    """Return the rows of all files in a directory tree, without the partition columns, sorted by id."""
    rows = read_rows(directory)
    return sorted(rows, key=lambda row: (row["sequence_id"] is None, row["sequence_id"]))


BAD_ROWS: list[tuple[int | None, list[int | None] | None, str | None, str | None]] = [
    (0, [1, 2, 3], None, None),
    (1, None, "tokens is null", "no_tokens"),
    (2, [], "tokens is empty", "no_tokens"),
    (3, [5, -7, 9], "token id -7 is negative", "unknown_token"),
    (4, [5, 300], "token id 300 is not in the vocabulary (ids below 280)", "unknown_token"),
    (5, [5, None], "tokens holds a null", "unknown_token"),
    (6, [7], None, None),
    (7, [8] * 100_000, None, None),
    (None, [1], "sequence_id is null", "no_id"),
    (8, [1, 2], "sequence_id occurs 2 times", "repeated_id"),
    (8, [1, 2], "sequence_id occurs 2 times", "repeated_id"),
    (9, [2**31 + 5], "token id 2147483653 is not in the vocabulary (ids below 280)", "unknown_token"),
]


@pytest.mark.parametrize("value_type", [pa.int64(), pa.int32()], ids=["int64", "int32"])
def test_every_row_is_measured_or_rejected_with_its_reason(
    spark: Any, write_parquet: Write, tokenizer_file: Path, tmp_path: Path, value_type: pa.DataType
) -> None:
    rows = [row for row in BAD_ROWS if value_type == pa.int64() or row[0] != 9]
    ids, tokens, _, kinds = zip(*rows, strict=True)
    table = pa.table({"sequence_id": ids, "tokens": pa.array(tokens, pa.list_(value_type)), "mine": ["x"] * len(ids)})
    run = metrics_job(write_parquet("data.parquet", table), tmp_path, tokenizer=str(tokenizer_file))
    run.run(spark)
    measured, rejected = read(tmp_path / "metrics"), read(tmp_path / "rejected")
    assert [row["sequence_id"] for row in measured] == [0, 6, 7]
    assert [len(row["tokens"]) for row in measured] == [3, 1, 100_000]
    assert all(row["text"] and row["zlib_size"] > 0 and row["mine"] == "x" for row in measured)
    expected = sorted((row[0] or -1, row[2], row[3]) for row in rows if row[2])
    assert sorted((row["sequence_id"] or -1, row["reason"], row["reason_kind"]) for row in rejected) == expected
    assert next(row["tokens"] for row in rejected if row["sequence_id"] == 3) == [5, -7, 9]
    (written,) = run.already_written().values()
    assert (written.rows_read, written.rows_rejected, written.counts["rows"]) == (len(rows), len(expected), 3)
    assert written.rejected_kinds == Counter(kind for kind in kinds if kind)


def test_text_that_is_not_utf8_is_rejected_with_its_bytes(
    spark: Any, write_parquet: Write, tokenizer_file: Path, tmp_path: Path
) -> None:
    text = pa.array([b"one two", b"\xff\xfe", None, b"", "zehn é".encode()], pa.binary())
    run = metrics_job(write_parquet("data.parquet", {"text": text}), tmp_path, tokenizer=str(tokenizer_file))
    run.run(spark)
    assert [(row["sequence_id"], row["text"]) for row in read(tmp_path / "metrics")] == [(0, "one two"), (4, "zehn é")]
    rejected = [(row["sequence_id"], row["reason"], row["text"]) for row in read(tmp_path / "rejected")]
    assert rejected == [
        (1, "text is not valid UTF-8", b"\xff\xfe"),
        (2, "text is null", None),
        (3, "text is empty", b""),
    ]
    assert all(row["tokens"] for row in read(tmp_path / "metrics"))


@pytest.mark.parametrize("partition_bytes", ["1k", "16m"])
@pytest.mark.parametrize("batch_rows", ["7", "10000"])
def test_partitions_and_batches_change_no_result(
    spark: Any, write_parquet: Write, tokenizer_file: Path, tmp_path: Path, partition_bytes: str, batch_rows: str
) -> None:
    generator = np.random.default_rng(5)
    tokens = [generator.integers(0, 280, generator.integers(1, 80)).tolist() for _ in range(300)]
    columns = {"sequence_id": list(range(300)), "tokens": tokens}
    path = write_parquet("data.parquet", columns, row_group_size=50)
    reference = metrics_job(path, tmp_path / "reference", tokenizer=str(tokenizer_file))
    reference.run(spark)
    spark.conf.set("spark.sql.files.maxPartitionBytes", partition_bytes)
    spark.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", batch_rows)
    metrics_job(path, tmp_path / "other", tokenizer=str(tokenizer_file)).run(spark)
    assert read(tmp_path / "other" / "metrics") == read(tmp_path / "reference" / "metrics")


def test_unknown_metrics_are_null_and_the_run_says_why(spark: Any, write_parquet: Write, tmp_path: Path) -> None:
    run = metrics_job(write_parquet("data.parquet", {"sequence_id": [1], "tokens": [[1, 2]]}), tmp_path)
    run.run(spark)
    (row,) = read(tmp_path / "metrics")
    nulls = {name for name, value in row.items() if value is None}
    assert {"text", "zlib_size", "sequence_duplicates", "loss", "memorization_score", "max_frequency"} <= nulls
    reasons = null_columns(run.resolved, run.filters, run.configuration, None)
    assert set(reasons) <= nulls
    assert "give --tokenizer" in reasons["text"]


def test_a_table_with_scores_of_several_models_is_measured_once_and_written_per_model(
    spark: Any, write_parquet: Write, tokenizer_file: Path, tmp_path: Path
) -> None:
    columns = {"Index": [3, 4], "Tokens": [[1, 2], None], "70M": [0.25, 1.0], "160M": [1.0, 1.0]}
    run = metrics_job(write_parquet("data.parquet", columns), tmp_path, tokenizer=str(tokenizer_file))
    run.run(spark)
    for model, score in (("70m", 0.25), ("160m", 1.0)):
        (row,) = read(run.run_directory / run.table("metrics", model))
        assert (row["sequence_id"], row["memorization_score"]) == (3, score)
    assert not list(tmp_path.glob("_temporary/*")) + list(tmp_path.glob("_unfinished/**/*.parquet"))
    assert [row["reason"] for row in read(tmp_path / "rejected")] == ["tokens is null"]


def test_a_feature_table_with_a_repeated_key_fails_the_job_and_publishes_nothing(
    spark: Any, write_parquet: Write, tmp_path: Path
) -> None:
    duplicates = write_parquet("duplicates.parquet", {"sequence_id": [1, 1], "counts": [5, 6]})
    data = write_parquet("data.parquet", {"sequence_id": [1, 2], "tokens": [[1], [2]]})
    run = metrics_job(data, tmp_path, duplicates=str(duplicates))
    with pytest.raises(UserError, match="sequence_id 1 occurs 2 times"):
        run.run(spark)
    assert not run.already_written()


def test_the_error_of_a_filter_names_the_filter_and_the_sequence(
    spark: Any, write_parquet: Write, tmp_path: Path
) -> None:
    def fail_on_seven(sequences: Any) -> tuple[pa.Array, ...]:
        if 7 in sequences.tokens.values:
            raise ValueError("seven")
        return (pa.nulls(len(sequences.tokens.offsets) - 1, pa.int32()),)

    broken = Filter("broken", "", (Column("b", pa.int32(), ""),), ("tokens",), fail_on_seven)
    path = write_parquet("data.parquet", {"sequence_id": list(range(100)), "tokens": [[i % 90] for i in range(100)]})
    run = metrics_job(path, tmp_path)
    with pytest.raises(Exception, match="broken failed on sequence_id 7: ValueError: seven"):
        replace(run, filters=(broken,)).run(spark)


def test_an_incomplete_table_is_written_again(spark: Any, write_parquet: Write, tmp_path: Path) -> None:
    run = metrics_job(write_parquet("data.parquet", {"sequence_id": [1], "tokens": [[1, 2]]}), tmp_path)
    run.run(spark)
    marker = tmp_path / "_complete" / f"{run.table('metrics', None)}.json"
    assert json.loads(marker.read_text())["counts"]["rows"] == 1
    marker.unlink()
    assert not run.already_written()
    run.run(spark)
    assert len(read(tmp_path / "metrics")) == 1
    assert not list(tmp_path.glob("_temporary/*")) + list(tmp_path.glob("_unfinished/**/*.parquet"))


def test_columns_of_any_name_are_copied_unchanged(spark: Any, write_parquet: Write, tmp_path: Path) -> None:
    odd = {"a.b": [1], "a`b": ["x"], "with space": [True], "é 🙂": [{"x": [1.5]}], "is_repeating": ["mine"]}
    run = metrics_job(write_parquet("data.parquet", {"tokens": [[1, 2]], **odd}), tmp_path, filters="compressibility")
    run.run(spark)
    (row,) = read_rows(tmp_path / "metrics")
    assert {name: row[name] for name in odd} == {name: values[0] for name, values in odd.items()}


@pytest.mark.parametrize("columns", [{"sequence_id": "int64"}, {}], ids=["with ids", "without ids"])
def test_an_empty_table_gives_an_empty_table(
    spark: Any, write_parquet: Write, tmp_path: Path, columns: dict[str, str]
) -> None:
    fields = [*((name, pa.int64()) for name in columns), ("tokens", pa.list_(pa.int32()))]
    run = metrics_job(write_parquet("data.parquet", pa.schema(fields).empty_table()), tmp_path)
    run.run(spark)
    (written,) = run.already_written().values()
    assert (written.rows_read, written.rows_rejected, written.counts) == (0, 0, {"rows": 0})


@pytest.mark.parametrize("threshold", ["-1", "8m"], ids=["shuffled", "broadcast"])
def test_an_empty_table_is_joined(spark: Any, write_parquet: Write, tmp_path: Path, threshold: str) -> None:
    duplicates = write_parquet("duplicates.parquet", {"sequence_id": [1, 2], "counts": [1, 2]})
    columns = pa.schema([("sequence_id", pa.int64()), ("tokens", pa.list_(pa.int32()))])
    run = metrics_job(write_parquet("data.parquet", columns.empty_table()), tmp_path, duplicates=str(duplicates))
    spark.conf.set("spark.sql.autoBroadcastJoinThreshold", threshold)
    run.run(spark)
    (written,) = run.already_written().values()
    assert (written.rows_read, written.counts) == (0, {"rows": 0})


def test_rejected_lines_of_json_are_kept_unchanged(spark: Any, tmp_path: Path, tokenizer_file: Path) -> None:
    path = tmp_path / "data.jsonl"
    path.write_bytes(b'{"text": "one two"}\n{"text": "\xff"}\n[]\n')
    metrics_job(path, tmp_path, tokenizer=str(tokenizer_file)).run(spark)
    assert [row["text"] for row in read(tmp_path / "metrics")] == ["one two"]
    assert [row["line"] for row in read(tmp_path / "rejected")] == [b'{"text": "\xff"}', b"[]"]
