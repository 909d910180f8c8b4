"""A table gets its final name only when complete, and is valid only if it agrees with its marker."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from spark.storage.paths import AnyPath, storage_path
from spark.storage.publishing import (
    MARKER,
    Written,
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
    hidden, final = directory / "_temporary" / "x", directory / "metrics" / "model=70m"
    for content in (b"one", b"two!"):  # the second replaces the first
        fill(hidden)
        (hidden / "b.parquet").write_bytes(content)
        publish(hidden, final, WRITTEN)
        written = read_marker(final)
        assert written is not None
        assert written.files == {"b.parquet": len(content), "sub/a.txt": 6}
        assert (final / "b.parquet").read_bytes() == content
    (final / "b.parquet").unlink()
    assert read_marker(final) is None
    withdraw(final, directory / "_temporary")
    assert not final.exists()


def test_marker_is_written_last_in_an_object_store(store: None, monkeypatch: pytest.MonkeyPatch) -> None:
    hidden = storage_path(f"s3a://{BUCKET}/marker/_temporary")
    final = storage_path(f"s3a://{BUCKET}/marker/metrics")
    fill(hidden)
    rename = RemotePath.rename
    seen = []

    def watched(path: RemotePath, target: RemotePath) -> None:
        rename(path, target)
        seen.append((final / MARKER).exists())

    monkeypatch.setattr(RemotePath, "rename", watched)
    publish(hidden, final, WRITTEN)
    assert seen == [False, False]
    assert (final / MARKER).exists()


@pytest.mark.parametrize("directory", ["local"], indirect=True)
def test_table_without_rows_has_a_marker_and_no_file(directory: AnyPath) -> None:
    publish(directory / "_temporary" / "x", directory / "final", Written(0, 0, 0.0, {"rows": 0}))
    assert [path.name for path in (directory / "final").iterdir()] == [MARKER]
    assert read_marker(directory / "final") == Written(0, 0, 0.0, {"rows": 0}, {})


def test_partition_path_names_each_level() -> None:
    assert partition_path("memories", "duped", "70m").as_posix() == "dataset=memories/scheme=duped/model=70m"


@pytest.mark.parametrize("name", ["a/b", "..", "", "a b", "é", "x" * 101])
def test_invalid_partition_name_is_rejected(name: str) -> None:
    require_partition_names(["70m", "a.b_c-d", "x" * 100])
    with pytest.raises(UserError, match="is not a valid name of a model or scheme"):
        require_partition_names(["70m", name])


@pytest.mark.parametrize("change", ["a file less", "a file more", "a file cut short"])
def test_table_that_differs_from_its_marker_is_ignored(tmp_path: Path, change: str) -> None:
    hidden, final = tmp_path / "_temporary" / "t", tmp_path / "metrics" / "m"
    hidden.mkdir(parents=True)
    for name in ("a.parquet", "b.parquet"):
        (hidden / name).write_bytes(b"some bytes")
    publish(hidden, final, Written(1, 0, 1.0, {"rows": 1}))
    assert read_marker(final) is not None
    if change == "a file less":
        (final / "a.parquet").unlink()
    else:
        (final / ("c.parquet" if change == "a file more" else "a.parquet")).write_bytes(b"some")
    assert read_marker(final) is None


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"rows_read": 1}', b"\xff", b"[" * 200_000])
def test_damaged_marker_is_ignored(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "_complete.json").write_bytes(content)
    assert read_marker(tmp_path) is None


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
    for content, is_believed in ((fields, True), (fields | changes, False)):
        (tmp_path / "_complete.json").write_text(json.dumps(content))
        assert (read_marker(tmp_path) is not None) == is_believed
