"""Columns of the user's own that Spark's reader stops at: they pass through, or are left out, and stop nothing."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from spark.session.failures import failure_message
from spark.sources.corpora import resolve_corpus
from spark.sources.input_columns import recognise_columns
from spark.sources.local_files import describe_files, find_files
from spark.sources.resolver import Resolver
from spark.sources.sequences import read_sequences
from tests.spark.sources.test_token_file import rows_of

Write = Callable[..., Path]
EARLY, LATE = datetime.datetime(1, 1, 1), datetime.datetime(9999, 12, 31)
OWN = {
    "at": pa.array([1_001, -1, None], pa.timestamp("ns")),
    "zoned": pa.array([10**18 + 1, 0, None], pa.timestamp("ns", "Europe/Berlin")),
    "nested": [{"at": np.datetime64(1_001, "ns")}, None, None],
    "half": pa.array(np.array([0.5, 1, 2], np.float16)),
    "clock": pa.array([1, 2, None], pa.time64("us")),
    "duration": pa.array([1, 2, None], pa.duration("ns")),
    "_metadata": ["x", "y", "z"],
}
LEFT_OUT = ("clock", "duration")


@pytest.mark.parametrize("column", OWN)
def test_columns_of_other_types_are_no_error(spark: Any, write_parquet: Write, column: str) -> None:
    path = write_parquet("d/a.parquet", pa.table({"tokens": [[1], [2], [3]], column: OWN[column]}))
    source = describe_files(find_files(path.parent))
    columns = recognise_columns(source.schema, "a")
    assert (columns.others, columns.left_out) == (((), (column,)) if column in LEFT_OUT else ((column,), ()))
    rows = {row["sequence_id"]: row for row in read_sequences(spark, source, columns).collect()}
    assert [rows[number]["tokens"] for number in range(3)] == [[1], [2], [3]]
    first = {
        "at": datetime.datetime(1970, 1, 1, microsecond=1),
        "zoned": datetime.datetime(2001, 9, 9, 1, 46, 40),
        "half": 0.5,
        "_metadata": "x",
    }
    if column in first:
        assert rows[0]["_run_other_0"] == first[column]


@pytest.fixture
def int96(write_parquet: Write) -> Path:
    """Write timestamps as Spark does by default, before and after those that nanoseconds hold."""
    table = pa.table({"tokens": [[1], [2]], "at": pa.array([EARLY, LATE], pa.timestamp("us"))})
    return write_parquet("a.parquet", table, use_deprecated_int96_timestamps=True)


def test_int96_timestamps_are_read_by_spark(spark: Any, int96: Path) -> None:
    source = describe_files(find_files(int96))
    assert source.schema.field("at").type == pa.timestamp("us")
    columns = recognise_columns(source.schema, "a")
    rows = read_sequences(spark, source, columns).selectExpr("cast(_run_other_0 as string)").collect()
    assert {row[0] for row in rows} == {"0001-01-01 00:00:00", "9999-12-31 00:00:00"}


def test_int96_timestamps_are_copied(int96: Path, tmp_path: Path) -> None:
    corpus = resolve_corpus(str(int96), 3, None, Resolver(tmp_path, {}, print))
    (tmp_path / "copy").mkdir()
    copied = corpus.parts[0].copy_without(np.array([0]), tmp_path / "copy", "part")
    assert pq.read_table(tmp_path / "copy" / copied.file)["at"].to_pylist() == [LATE]


def test_brotli_is_read_by_python(spark: Any, write_parquet: Write, tmp_path: Path) -> None:
    path = write_parquet("a b.parquet", {"tokens": [[1], [2]], "x": ["y", "z"]}, compression={"x": "brotli"})
    assert rows_of(resolve_corpus(str(path), 3, None, Resolver(tmp_path, {}, print))) == {0: [1], 1: [2]}
    source = describe_files(find_files(path))
    assert not source.spark_knows_size
    rows = read_sequences(spark, source, recognise_columns(source.schema, "a")).collect()
    assert {row["sequence_id"]: (row["tokens"], row["_run_other_0"]) for row in rows} == {
        0: ([1], "y"),
        1: ([2], "z"),
    }


def test_a_codec_that_is_found_by_spark_alone_is_named_as_the_reason(spark: Any, write_parquet: Write) -> None:
    path = write_parquet("a b.parquet", {"tokens": [[1]]}, compression="brotli")
    with pytest.raises(Exception, match="Brotli") as raised:
        spark.read.parquet(str(path)).collect()
    message = failure_message(raised.value, "the data")
    assert message.startswith(f"{path} is compressed with Brotli, which Spark cannot read.\nWrite it again with zstd")
