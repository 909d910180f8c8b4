"""The run lock: a second run is rejected and names the holder; the lock of a dead process is taken over."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from spark.runs.lock import LOCK, run_lock
from spark.runs.lock_holder import SECONDS_UNTIL_DEAD, Holder, read_holder, this_process
from utils import UserError


def held_by(directory: Path, **changes: Any) -> Holder:
    """Write a lock held by this process, with some fields changed; return its holder."""
    holder = replace(this_process(), **changes)
    (directory / LOCK).write_text(json.dumps(asdict(holder)))
    return holder


def a_dead_process() -> int:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def test_the_error_of_the_second_run_names_the_holder(tmp_path: Path) -> None:
    with run_lock(tmp_path):
        expected = rf"(?s)process {os.getpid()} on .* since 20.*another --run_id"
        with pytest.raises(UserError, match=expected) as error, run_lock(tmp_path):
            pytest.fail("two hold the lock")
        assert str(error.value).startswith(f"Run {tmp_path.name} is being written by")
        assert read_holder(tmp_path / LOCK) is not None, "the second took the first's lock away"
    assert not list(tmp_path.iterdir())
    with run_lock(tmp_path):
        pass


@pytest.mark.parametrize(
    "changes",
    [
        {"process": a_dead_process()},
        {"process_started": 1},
        {"host": "elsewhere", "last_sign": int(time.time() - 2 * SECONDS_UNTIL_DEAD)},
    ],
    ids=["no such process", "another process of that number", "another host, long silent"],
)
def test_the_lock_of_a_dead_run_is_taken_over(tmp_path: Path, changes: dict[str, Any]) -> None:
    dead = held_by(tmp_path, **changes)
    with run_lock(tmp_path):
        holder = read_holder(tmp_path / LOCK)
        assert holder is not None and holder.token != dead.token
    assert not list(tmp_path.iterdir())


def test_a_holder_on_another_host_is_alive_while_its_signs_are_recent(tmp_path: Path) -> None:
    held_by(tmp_path, host="elsewhere", last_sign=int(time.time() - SECONDS_UNTIL_DEAD / 2))
    with pytest.raises(UserError, match="on elsewhere since"), run_lock(tmp_path):
        pass


def test_the_holder_gives_signs_of_life(tmp_path: Path) -> None:
    with run_lock(tmp_path, seconds_between_signs=0.01):
        first = read_holder(tmp_path / LOCK)
        assert first is not None
        deadline = time.monotonic() + 30
        while (now := read_holder(tmp_path / LOCK)) is None or now.last_sign == first.last_sign:
            assert time.monotonic() < deadline, "no sign of life"


@pytest.mark.parametrize("content", ["", "{", "[]", '{"host": "x"}', "[" * 200_000])
def test_an_invalid_lock_is_taken_over(tmp_path: Path, content: str) -> None:
    (tmp_path / LOCK).write_text(content)
    with run_lock(tmp_path, seconds_to_settle=0.01):
        assert read_holder(tmp_path / LOCK) is not None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("process", "1"),
        ("process", 10**30),
        ("process", 0),
        ("process", True),
        ("process_started", "1"),
        ("last_sign", "now"),
        ("last_sign", float("inf")),
        ("host", None),
        ("since", 3),
        ("token", []),
    ],
)
def test_a_holder_with_an_invalid_field_is_ignored(tmp_path: Path, field: str, value: object) -> None:
    held_by(tmp_path)
    fields = json.loads((tmp_path / LOCK).read_text())
    assert read_holder(tmp_path / LOCK) is not None
    (tmp_path / LOCK).write_text(json.dumps(fields | {field: value}))
    assert read_holder(tmp_path / LOCK) is None


def test_a_sign_of_life_in_the_future_does_not_count(tmp_path: Path) -> None:
    holder = held_by(tmp_path, host="elsewhere", last_sign=int(time.time()) + 10**8)
    assert not holder.is_alive()


def test_a_pipe_or_a_directory_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / LOCK)
    assert read_holder(tmp_path / LOCK) is None
    (tmp_path / LOCK).unlink()
    (tmp_path / LOCK).mkdir()
    with pytest.raises(UserError, match="expected a file, found a directory"), run_lock(tmp_path):
        pass


def test_a_lock_taken_over_by_another_process_is_not_released(tmp_path: Path) -> None:
    with run_lock(tmp_path):
        other = held_by(tmp_path, token="another")
    assert read_holder(tmp_path / LOCK) == other


def _try(directory: Path, tried: Any, taken: Any) -> None:
    """Try to take the lock once all processes run; hold it until all have tried."""
    tried.wait(timeout=60)
    try:
        with run_lock(directory):
            taken.put(os.getpid())
            tried.wait(timeout=60)
    except UserError:
        tried.wait(timeout=60)


def test_only_one_of_many_processes_takes_a_stale_lock(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    for _ in range(20):
        tried, taken = context.Barrier(8), context.Queue()
        held_by(tmp_path, process_started=1)
        processes = [context.Process(target=_try, args=(tmp_path, tried, taken)) for _ in range(8)]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
        assert taken.get(timeout=5)
        assert taken.empty()
        assert not list(tmp_path.iterdir())


def test_a_stale_lock_is_removed_even_if_its_removal_was_killed(tmp_path: Path) -> None:
    held_by(tmp_path, process_started=1)
    shutil.copy(tmp_path / LOCK, tmp_path / f"{LOCK}.removal")
    with run_lock(tmp_path):
        assert [path.name for path in tmp_path.iterdir()] == [LOCK]
