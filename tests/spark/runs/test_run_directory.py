"""The directory of a run and its logs, on this machine and on shared storage."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from spark.runs.run_directory import keep_logs, log_to_file, logs_of, make_directory
from spark.storage.paths import storage_path
from utils import UserError


@pytest.fixture
def restored_logging() -> Iterator[None]:
    """Give back the handlers and settings of the root logger."""
    root, program = logging.getLogger(), logging.getLogger("memorization")
    before = list(root.handlers), program.level, logging.raiseExceptions
    yield
    for handler in set(root.handlers) - set(before[0]):
        root.removeHandler(handler)
        handler.close()
    program.setLevel(before[1])
    logging.raiseExceptions = before[2]
    logging.captureWarnings(False)


def test_a_new_directory_is_empty(tmp_path: Path) -> None:
    for _ in range(2):
        make_directory(tmp_path / "a" / "b")
    assert not list((tmp_path / "a" / "b").iterdir())


def test_a_directory_that_cannot_be_created_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"--output_dir: cannot write to .*: Not a directory"):
        make_directory(tmp_path / "file" / "run")


def test_logs_are_in_a_local_run_or_in_the_cache_for_shared_storage(tmp_path: Path) -> None:
    local = logs_of(tmp_path / "run", tmp_path / "cache")
    assert (local.file, local.events) == (tmp_path / "run" / "run.log", tmp_path / "run" / "spark-events")
    shared = logs_of(storage_path("s3a://bucket/output/run"), tmp_path / "cache")
    assert shared.file == tmp_path / "cache" / "logs" / "run" / "run.log"
    assert shared.file.parent.is_dir()


class Shared:
    """A stand-in for a directory on shared storage, backed by a local one."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __truediv__(self, name: str) -> Any:
        return self.path / name


def test_the_logs_of_a_run_on_shared_storage_are_copied_there(tmp_path: Path) -> None:
    logs = logs_of(storage_path("s3a://bucket/output/run"), tmp_path / "cache")
    logs.events.mkdir()
    logs.file.write_text("one line")
    (logs.events / "events").write_bytes(b"events")
    directory: Any = Shared(tmp_path / "shared")
    keep_logs(logs, directory)
    assert (tmp_path / "shared" / "run.log").read_text() == "one line"
    assert (tmp_path / "shared" / "spark-events" / "events").read_bytes() == b"events"


def test_the_log_is_printable_and_not_written_through_a_link(tmp_path: Path, restored_logging: None) -> None:
    (tmp_path / "precious").write_text("precious")
    (tmp_path / "run.log").symlink_to(tmp_path / "precious")
    log_to_file(tmp_path / "run.log")
    logging.getLogger("memorization").info("\x1b[31mred")
    assert (tmp_path / "precious").read_text() == "precious"
    assert (tmp_path / "run.log").read_text(encoding="utf-8").endswith(" INFO memorization: \\x1b[31mred\n")
