"""Task files have bounded row groups, and only the files of successful attempts are kept."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from spark.storage import task_files
from spark.storage.task_files import TaskFiles, add_up, keep_only


def test_rows_are_written_in_order_in_bounded_row_groups(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    with TaskFiles(tmp_path, "part-0.parquet", rows_a_group=10) as files:
        for start in range(0, 35, 5):
            files.add("a", pa.table({"n": list(range(start, start + 5))}))
        files.add("b", pa.table({"n": [1]}))
        files.add("empty", pa.table({"n": pa.array([], pa.int64())}))
    written = pq.ParquetFile(tmp_path / "a" / "part-0.parquet")
    assert written.read()["n"].to_pylist() == list(range(35))
    assert written.metadata.num_row_groups == 4
    assert sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.parquet")) == [
        "a/part-0.parquet",
        "b/part-0.parquet",
    ]


def test_row_groups_of_long_rows_are_bounded_by_their_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(task_files, "BYTES_A_GROUP", 1_000)
    (tmp_path / "a").mkdir()
    with TaskFiles(tmp_path, "part-0.parquet") as files:
        for number in range(6):
            files.add("a", pa.table({"text": [f"{number}" * 400]}))
    metadata = pq.ParquetFile(tmp_path / "a" / "part-0.parquet").metadata
    assert [metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)] == [3, 3]


def test_files_of_failed_attempts_are_removed(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    for name in ("part-00000-1.parquet", "part-00000-7.parquet", "part-00001-2.parquet"):
        with TaskFiles(tmp_path, name) as files:
            files.add("a", pa.table({"n": [1]}))
    keep_only(tmp_path, ["part-00000-7.parquet", "part-00001-2.parquet"])
    assert sorted(path.name for path in tmp_path.rglob("*.parquet")) == ["part-00000-7.parquet", "part-00001-2.parquet"]


def test_task_that_outlives_its_run_cannot_write(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), TaskFiles(tmp_path / "removed", "part-0.parquet") as files:
        files.add("a", pa.table({"n": [1]}))
    assert not list(tmp_path.iterdir())


def test_counts_of_task_files_add_up() -> None:
    assert add_up([{"rows": 2, "code": 1}, {"rows": 3}]) == {"rows": 5, "code": 1}
