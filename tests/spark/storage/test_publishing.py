"""A table gets its final name only when complete, and is valid only if it agrees with its marker."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from spark.storage.paths import AnyPath, storage_path
from spark.storage.publishing import (
    Written,
    marker_path,
    partition_path,
    publish,
    read_marker,
    require_partition_names,
    withdraw,
)
from spark.storage.remote_path import RemotePath
from tests.spark.object_store import BUCKET
from tests.spark.storage.conftest import fill
from utils import UserError

WRITTEN = Written(2, 0, 1.0, {"rows": 2})


def test_table_is_published_when_it_is_complete(directory: AnyPath) -> None:
    hidden, table = directory / "_temporary" / "x", "metrics/model=70m"
    for content in (b"one", b"two!"):  # the second replaces the first
        fill(hidden)
        (hidden / "b.parquet").write_bytes(content)
        publish(hidden, directory, table, WRITTEN)
        written = read_marker(directory, table)
        assert written is not None
        assert written.files == {"b.parquet": len(content), "sub/a.txt": 6}
        assert (directory / table / "b.parquet").read_bytes() == content
    (directory / table / "b.parquet").unlink()
    assert read_marker(directory, table) is None
    withdraw(directory, table, directory / "_temporary")
    assert not (directory / table).exists()
    assert not marker_path(directory, table).exists()


@pytest.mark.parametrize("directory", ["local"], indirect=True)
def test_table_directory_holds_nothing_but_data(directory: AnyPath) -> None:
    fill(directory / "_temporary" / "x")
    (directory / "_temporary" / "x" / "b.csv").write_bytes(b"any type of data file")
    publish(directory / "_temporary" / "x", directory, "metrics/model=70m", WRITTEN)
    assert {path.name for path in (directory / "metrics").rglob("*") if path.is_file()} == {
        "b.parquet",
        "b.csv",
        "a.txt",
    }


def test_table_is_incomplete_until_an_object_store_has_all_files(store: None, monkeypatch: pytest.MonkeyPatch) -> None:
    run = storage_path(f"s3a://{BUCKET}/marker")
    fill(run / "_temporary" / "x")
    (run / "_temporary" / "x" / "c.csv").write_bytes(b"another")
    rename = RemotePath.rename
    seen = []

    def watched(path: RemotePath, target: RemotePath) -> None:
        rename(path, target)
        seen.append(read_marker(run, "metrics") is not None)

    monkeypatch.setattr(RemotePath, "rename", watched)
    publish(run / "_temporary" / "x", run, "metrics", WRITTEN)
    assert seen == [False, False, True]
    assert (run / "metrics" / "c.csv").read_bytes() == b"another"


@pytest.mark.parametrize("directory", ["local"], indirect=True)
def test_table_without_rows_has_a_marker_and_no_file(directory: AnyPath) -> None:
    publish(directory / "_temporary" / "x", directory, "final", Written(0, 0, 0.0, {"rows": 0}))
    assert [*(directory / "final").iterdir()] == []
    assert read_marker(directory, "final") == Written(0, 0, 0.0, {"rows": 0}, {})


def test_partition_path_names_each_level() -> None:
    assert partition_path("memories", "duped", "70m").as_posix() == "dataset=memories/scheme=duped/model=70m"
    assert partition_path("mine", None, None).as_posix() == "dataset=mine/scheme=none/model=none"


@pytest.mark.parametrize("name", ["a/b", "..", "", "a b", "é", "x" * 101])
def test_invalid_partition_name_is_rejected(name: str) -> None:
    require_partition_names(["70m", "a.b_c-d", "x" * 100])
    with pytest.raises(UserError, match="is not a valid name of a model or scheme"):
        require_partition_names(["70m", name])


def test_name_that_stands_for_no_value_is_rejected() -> None:
    with pytest.raises(UserError, match="'none' cannot name a model or scheme"):
        require_partition_names(["none"])


@pytest.mark.parametrize("change", ["a file less", "a file more", "a file cut short"])
def test_table_that_differs_from_its_marker_is_ignored(tmp_path: Path, change: str) -> None:
    hidden, table, final = tmp_path / "_temporary" / "t", "metrics/m", tmp_path / "metrics" / "m"
    hidden.mkdir(parents=True)
    for name in ("a.parquet", "b.parquet"):
        (hidden / name).write_bytes(b"some bytes")
    publish(hidden, tmp_path, table, Written(1, 0, 1.0, {"rows": 1}))
    (final / "notes.txt").write_text("a file of another type is ignored")
    assert read_marker(tmp_path, table) is not None
    if change == "a file less":
        (final / "a.parquet").unlink()
    else:
        (final / ("c.parquet" if change == "a file more" else "a.parquet")).write_bytes(b"some")
    assert read_marker(tmp_path, table) is None


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"rows_read": 1}', b"\xff", b"[" * 200_000])
def test_damaged_marker_is_ignored(tmp_path: Path, content: bytes) -> None:
    marker_path(tmp_path, "t").parent.mkdir()
    marker_path(tmp_path, "t").write_bytes(content)
    assert read_marker(tmp_path, "t") is None


@pytest.mark.parametrize(
    "changes",
    [
        {"rows_read": -5},
        {"rows_read": True},
        {"rows_rejected": "1"},
        {"seconds": "x"},
        {"seconds": float("nan")},
        {"counts": {"rows": True}},
        {"counts": {"rows": 1, "incrementing": "x"}},
        {"counts": {}},
        {"files": {"a.parquet": 3}},
    ],
)
def test_marker_with_invalid_fields_is_ignored(tmp_path: Path, changes: dict[str, Any]) -> None:
    fields = {"rows_read": 2, "rows_rejected": 1, "seconds": 0.5, "counts": {"rows": 1}, "files": {}}
    marker_path(tmp_path, "t").parent.mkdir()
    for content, is_believed in ((fields, True), (fields | changes, False)):
        marker_path(tmp_path, "t").write_text(json.dumps(content))
        assert (read_marker(tmp_path, "t") is not None) == is_believed
