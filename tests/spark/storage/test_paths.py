"""Paths behave the same locally and on shared storage (an S3 server on loopback)."""

from __future__ import annotations

import gzip
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from spark.metrics.configuration import build_configuration
from spark.metrics.planning import plan_sequence_tables
from spark.runs.lock import run_lock
from spark.runs.run_directory import make_directory
from spark.sources.local_files import describe_files, find_files
from spark.sources.resolver import Resolver
from spark.storage import paths as storage
from spark.storage.paths import AnyPath, discard, files_below, home_expanded, storage_path, write_at_once
from tests.conftest import PROJECT
from tests.spark.storage.conftest import fill
from utils import UserError


def test_local_and_remote_paths_behave_the_same(directory: AnyPath) -> None:
    assert not (directory / "sub").exists()
    fill(directory)
    assert (directory / "sub").is_dir()
    assert (directory / "b.parquet").is_file()
    assert not (directory / "sub").is_file()
    assert (directory / "b.parquet").stat().st_size == 5
    assert (directory / "sub" / "a.txt").read_text(encoding="utf-8") == "hällo"
    assert [name.as_posix() for name in files_below(directory)] == ["b.parquet", "sub/a.txt"]
    assert [path.name for path in directory.rglob("*.parquet")] == ["b.parquet"]
    (directory / "b.parquet").rename(directory / "sub" / "c.parquet")
    assert [path.name for path in files_below(directory).values()] == ["a.txt", "c.parquet"]
    for text in ("first", "second"):
        write_at_once(directory / "run.json", text)
        assert (directory / "run.json").read_text() == text
    (directory / "run.json").unlink()
    with pytest.raises(FileNotFoundError):
        (directory / "run.json").read_text()
    with pytest.raises(FileNotFoundError):
        (directory / "run.json").stat()
    discard(directory / "sub")
    discard(directory / "sub")
    assert not files_below(directory)
    assert pickle.loads(pickle.dumps(directory)) == directory


def test_run_is_locked_locally_and_remotely(directory: AnyPath) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    with (
        run_lock(directory, seconds_to_settle=0.01),
        pytest.raises(UserError, match="is being written by"),
        run_lock(directory, seconds_to_settle=0.01),
    ):
        pytest.fail("acquired twice")
    assert not files_below(directory)


def test_data_files_are_found_locally_and_remotely(directory: AnyPath) -> None:
    table = pa.table({"sequence_id": [1, 2, 3], "tokens": [[1], [2], [3]]})
    for name in ("p/b.parquet", "p/a.parquet", "p/_hidden.parquet"):
        (directory / "p").mkdir(parents=True, exist_ok=True)
        filesystem, path = storage.arrow_location(directory / name)
        pq.write_table(table, path, filesystem=filesystem)
    files = describe_files(find_files(directory / "p"))
    assert ([path.name for path in files.paths], files.rows) == (["a.parquet", "b.parquet"], 6)
    assert files.schema == table.schema
    (directory / "j").mkdir(parents=True, exist_ok=True)
    (directory / "j" / "data.jsonl.gz").write_bytes(gzip.compress(b'{"text": "one"}\n{"text": "two"}\n'))
    assert describe_files(find_files(directory / "j")).schema.names == ["text"]
    (directory / "p" / "a.parquet").write_bytes(b"PAR1 and nothing else PAR1")
    with pytest.raises(UserError, match=r"a\.parquet is no readable Parquet file"):
        describe_files(find_files(directory / "p"))


def test_jobs_and_tokenizer_are_resolved_locally_and_remotely(
    directory: AnyPath, tokenizer_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    for scheme in ("deduped", "duped"):
        data = directory / "memories" / "data"
        data.mkdir(parents=True, exist_ok=True)
        filesystem, path = storage.arrow_location(data / f"{scheme}.70m-00000-of-00001.parquet")
        pq.write_table(pa.table({"index": [1], "tokens": [[1, 2]]}), path, filesystem=filesystem)
    (directory / "memories" / "tokenizer.json").write_bytes(tokenizer_file.read_bytes())
    configuration = build_configuration({"datasets": [str(directory / "memories")], "schemes": "duped"})
    (sequences,) = plan_sequence_tables(configuration)
    assert sequences.description == "memories duped.70m"
    reader = Resolver(tmp_path_factory.mktemp("cache"), {}, print)
    assert reader.files(sequences.location).rows == 1
    assert sequences.tokenizer is not None
    assert len(reader.vocabulary(sequences.tokenizer).in_vocabulary) == 280


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ftp://host/x", "unknown storage scheme ftp://"),
        ("s3a:///x", "a bucket name"),
        ("hdfs://nobody:1/x", "HADOOP_HOME"),
        ("file://", "an absolute path"),
        ("file://elsewhere/x", "an absolute path"),
    ],
)
def test_unreachable_storage_is_reported(text: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        storage_path(text).exists()


def test_store_that_does_not_answer_is_an_error() -> None:
    # In a new process: this one may have cached a connection to a store that answers.
    ask = "from spark.storage.paths import *; require_reachable(storage_path('s3a://bucket/x'))"
    environment = os.environ | {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_MAX_ATTEMPTS": "1"}
    finished = subprocess.run([sys.executable, "-c", ask], cwd=PROJECT, env=environment, capture_output=True, text=True)
    assert "UserError: s3a://bucket cannot be reached" in finished.stderr


def test_symbolic_link_to_a_directory_is_not_written_through(tmp_path: Path) -> None:
    outside, directory = tmp_path / "outside", tmp_path / "run"
    outside.write_text("precious")
    directory.mkdir()
    for name in (".writable", ".run.json", "run.json", "_temporary"):
        (directory / name).symlink_to(outside)
    make_directory(directory)
    write_at_once(directory / "run.json", "{}")
    discard(directory / "_temporary")
    assert outside.read_text() == "precious"
    assert [path.name for path in directory.iterdir()] == ["run.json"]
    assert (directory / "run.json").read_text() == "{}"


def test_uris_are_kept_unchanged() -> None:
    for text in ("s3a://bucket/a b/#c?d=1", "hdfs://host:9000/a/b", "hdfs:///a"):
        assert str(storage_path(text)) == text
    assert str(storage_path("hdfs://host/a") / "b" / "c") == "hdfs://host/a/b/c"
    assert storage_path("file:///tmp/a%20b") == Path("/tmp/a b")


def test_directory_is_discarded_while_a_worker_adds_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory, added, remove = tmp_path / "d", [], os.rmdir
    directory.mkdir()

    def remove_too_late(*arguments: Any, **options: Any) -> None:
        if not added:
            added.append(directory / "part-0.parquet")
            added[0].touch()
        remove(*arguments, **options)

    monkeypatch.setattr(os, "rmdir", remove_too_late)
    discard(directory)
    assert added
    assert not directory.exists()


def test_a_home_that_is_not_known_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    assert home_expanded("~/cache") == storage_path("~/cache") == Path("/home/me/cache")
    with pytest.raises(UserError, match=r"home directory for '~nobody-here/x'.*\nSet HOME, or give a path without"):
        storage_path("~nobody-here/x")
