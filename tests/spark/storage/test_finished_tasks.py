"""The files of finished tasks are taken over by the next attempt at the same job, and by no other."""

from __future__ import annotations

import json
from typing import Any

import pytest

from spark.storage.finished_tasks import REPORTS, keep_report, take_over
from spark.storage.paths import AnyPath, files_below

IDENTITY = ["the same rows", {"and": "options"}]


def finish_task(directory: AnyPath, task: int, content: str = "rows") -> dict[str, Any]:
    """Write a file and the report of a task."""
    name = f"metrics/part-{task}-{directory.name[:4]}.parquet"
    (directory / "metrics").mkdir(parents=True, exist_ok=True)
    (directory / name).write_text(content)
    report = {"task": task, "rows": 5, "files": {name: len(content)}}
    keep_report(directory, report)
    return report


def test_another_attempt_takes_over_what_earlier_ones_finished(directory: AnyPath) -> None:
    first, found = take_over(directory, IDENTITY)
    assert found == {}
    one = finish_task(first, 1)
    (first / "metrics" / "part-7-unfinished.parquet").write_text("half a fi")
    second, found = take_over(directory, IDENTITY)
    assert found == {1: one}
    two = finish_task(second, 2)
    third, found = take_over(directory, IDENTITY)
    assert found == {1: one, 2: two}
    names = {name.as_posix() for name in files_below(third)}
    assert names == {*one["files"], *two["files"], f"{REPORTS}/1.json", f"{REPORTS}/2.json"}
    assert len(files_below(directory)) == 4  # nothing of the others is left


def test_attempts_at_another_job_are_removed(directory: AnyPath) -> None:
    first, _ = take_over(directory, IDENTITY)
    finish_task(first, 1)
    _, found = take_over(directory, [*IDENTITY, "more"])
    assert (found, files_below(directory)) == ({}, {})


@pytest.mark.parametrize("directory", ["local"], indirect=True)
@pytest.mark.parametrize(
    "damage",
    [
        lambda attempt, report: (attempt / next(iter(report["files"]))).unlink(),
        lambda attempt, report: (attempt / next(iter(report["files"]))).write_text("longer than before"),
        lambda attempt, report: (attempt / REPORTS / "1.json").write_text("{"),
        lambda attempt, report: (attempt / REPORTS / "1.json").write_text(json.dumps(report | {"task": "1"})),
        lambda attempt, report: (attempt / REPORTS / "1.json").write_text(json.dumps(report | {"files": 3})),
    ],
    ids=["file missing", "file changed", "no JSON", "wrong number", "wrong files"],
)
def test_a_task_with_a_damaged_report_or_file_is_done_again(directory: AnyPath, damage: Any) -> None:
    attempt, _ = take_over(directory, IDENTITY)
    damage(attempt, finish_task(attempt, 1))
    whole = finish_task(attempt, 2)
    assert take_over(directory, IDENTITY)[1] == {2: whole}


@pytest.mark.parametrize("directory", ["local"], indirect=True)
def test_a_task_that_two_attempts_finished_counts_once(directory: AnyPath) -> None:
    first, _ = take_over(directory, IDENTITY)
    second = first.parent / "other"
    for attempt in (first, second):
        finish_task(attempt, 1)
    third, found = take_over(directory, IDENTITY)
    assert list(found) == [1]
    assert len(files_below(third)) == 2
