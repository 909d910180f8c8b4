"""Small files of a table become few, with the rows in their order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from spark.storage import merging
from spark.storage.merging import MERGED_FILE, SMALL_FILE, merge_small_files, small_neighbours

SCHEMA = pa.schema([("id", pa.int64()), ("tokens", pa.list_(pa.int32()))])


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([], []),
        ([1], []),
        ([1, 2, 3], [[0, 1, 2]]),
        ([SMALL_FILE] * 3, []),
        ([1, 1, SMALL_FILE, 1, 1], [[0, 1], [3, 4]]),
        ([1, SMALL_FILE, 1], []),
        ([MERGED_FILE // 5 + 1] * 11, [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]]),
    ],
)
def test_neighbours_are_merged_up_to_a_size(sizes: list[int], expected: list[list[int]]) -> None:
    names = [f"part-{number:05d}.parquet" for number in range(len(sizes))]
    found = small_neighbours(dict(zip(names, sizes, strict=True)))
    assert found == [[names[number] for number in group] for group in expected]


def write_table(directory: Path, files: int) -> pa.Table:
    """Write a table of files of three rows each, with a file without rows among them; return its rows."""
    pieces = [
        pa.table({"id": [3 * n, 3 * n + 1, 3 * n + 2], "tokens": [[n], [], None]}, SCHEMA).slice(0, 0 if n == 1 else 3)
        for n in range(files)
    ]
    directory.mkdir()
    for number, piece in enumerate(pieces):
        pq.write_table(piece, directory / f"part-{number:05d}-{files - number}.parquet")
    return pa.concat_tables(pieces)


def read_in_order(directory: Path) -> pa.Table:
    return pa.concat_tables([pq.ParquetFile(path).read() for path in sorted(directory.iterdir())])


def test_a_small_table_is_merged_by_the_driver(tmp_path: Path) -> None:
    expected = write_table(tmp_path / "table", 64)
    merge_small_files(None, tmp_path / "table")  # type: ignore[arg-type]  # Spark is not needed
    (file,) = (tmp_path / "table").iterdir()
    assert pq.ParquetFile(file).read().equals(expected)
    assert pq.read_schema(file).equals(SCHEMA)


def test_a_large_table_is_merged_by_spark(spark: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = write_table(tmp_path / "table", 40)
    monkeypatch.setattr(merging, "MERGED_FILE", 10_000)
    merge_small_files(spark, tmp_path / "table")
    assert 2 <= len(list((tmp_path / "table").iterdir())) <= 10
    assert read_in_order(tmp_path / "table").equals(expected)


def test_a_table_without_rows_stays_empty(tmp_path: Path) -> None:
    (tmp_path / "table").mkdir()
    merge_small_files(None, tmp_path / "table")  # type: ignore[arg-type]
    assert not list((tmp_path / "table").iterdir())
