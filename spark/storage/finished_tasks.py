"""Keep the files of finished tasks, so that a job that was stopped goes on where it was.

Every attempt at a job writes to a directory of its own, since workers of a killed attempt may still be writing to
theirs. A task ends by writing its report. The next attempt takes over the files of the tasks that have one.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any

from spark.storage.paths import AnyPath, discard, files_below, rename, write_at_once
from spark.storage.state_files import is_count, read_state

UNFINISHED = "_unfinished"  # directory of a run: the work of jobs that are not complete
REPORTS = "reports"  # directory of an attempt: a report for each task, named by its number

Report = Mapping[str, Any]  # what a task did; `files` has the size in bytes of each of its files


def take_over(attempts: AnyPath, identity: Iterable[Any]) -> tuple[AnyPath, dict[int, Report]]:
    """Return a new directory for an attempt, and the reports of the tasks whose files were moved there.

    attempts: the directory of all attempts at the job; those at another one are removed.
    identity: all that the rows, their division into tasks and their measures depend on.
    """
    key = hashlib.sha256(json.dumps([*identity], default=str).encode()).hexdigest()[:16]
    directory = attempts / key / uuid.uuid4().hex
    found = files_below(attempts) if attempts.exists() else {}
    reports: dict[int, Report] = {}
    for name, path in found.items():
        if name.parts[0] == key and name.parts[-2] == REPORTS:
            report = _whole_report(path, attempts / name.parts[0] / name.parts[1])
            if report is not None and report["task"] not in reports:
                _move(attempts / name.parts[0] / name.parts[1], directory, report)
                reports[report["task"]] = report
    for other in {PurePosixPath(*name.parts[:2]) for name in found}:
        discard(attempts / str(other))
    return directory, reports


def keep_report(directory: AnyPath, report: Report) -> None:
    """Write the report of a finished task, the last step of the task."""
    (directory / REPORTS).mkdir(parents=True, exist_ok=True)
    write_at_once(directory / REPORTS / f"{report['task']}.json", json.dumps(report))


def _whole_report(path: AnyPath, attempt: AnyPath) -> Report | None:
    """Return a report if it is valid and its files are all there; else None."""
    try:
        report = read_state(path)
        sizes = dict(report["files"])
        is_whole = is_count(report["task"]) and all((attempt / name).stat().st_size == sizes[name] for name in sizes)
        return report if is_whole else None
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _move(attempt: AnyPath, directory: AnyPath, report: Report) -> None:
    """Move the files of a task, and then its report, to another attempt."""
    for name in (*report["files"], f"{REPORTS}/{report['task']}.json"):
        target = directory / name
        target.parent.mkdir(parents=True, exist_ok=True)
        rename(attempt / name, target)
