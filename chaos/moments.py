"""Moments at which a process is killed: spread over the whole run, some aimed at a certain step."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from chaos.processes import CRASH_POINTS, Program, Role

POLL_SECONDS = 0.002
LOOKS_APART_SECONDS = 0.2


@dataclass(frozen=True)
class Moment:
    """A moment at which to kill a process.

    words: the moment, for the log. has_come: polled until it returns True. delay: seconds to wait after that.
    environment: variables for a program that must kill itself at this moment; else empty.
    """

    words: str
    has_come: Callable[[], bool]
    delay: float = 0.0
    environment: Mapping[str, str] = field(default_factory=dict)


def after(seconds: float) -> Moment:
    """Return the moment `seconds` after the start."""
    return Moment(f"{seconds:.1f} s after the start", lambda: True, seconds)


def when_a_job_begins(run: Path, delay: float) -> Moment:
    """Return the moment `delay` seconds after the driver has made the directory that a job's workers write to."""
    before = hidden_directories(run)
    return Moment(f"{delay:.2f} s after a job began", lambda: bool(hidden_directories(run) - before), delay)


def when_a_part_appears(run: Path, delay: float) -> Moment:
    """Return the moment `delay` seconds after a worker has begun a new file that no reader sees yet."""
    before = hidden_parts(run)
    return Moment(f"{delay:.2f} s after a new hidden part file", lambda: bool(hidden_parts(run) - before), delay)


def when_a_table_appears(run: Path, delay: float) -> Moment:
    """Return the moment `delay` seconds after the next table has received its final name."""
    before = table_directories(run)
    return Moment(f"{delay:.2f} s after a table appeared", lambda: bool(table_directories(run) - before), delay)


def before_operation(run: Path, number: int, log: Path) -> Moment:
    """Return the moment before the driver's n-th operation on the run's files, from 1; the driver kills itself."""
    environment = operations_environment(run, log) | {"CHAOS_KILL_BEFORE": str(number)}
    return Moment(f"before the driver's file operation {number}", lambda: False, environment=environment)


def operations_environment(run: Path, log: Path) -> dict[str, str]:
    """Return the variables that make the driver log its operations on the run's files."""
    return {"PYTHONPATH": str(CRASH_POINTS), "CHAOS_DIRECTORY": str(run), "CHAOS_OPERATIONS": str(log)}


def hidden_directories(run: Path) -> set[Path]:
    """Return the directories of a run that hold unpublished tables."""
    directories = (Path(directory) for directory, _, _ in os.walk(run))
    return {path for path in directories if path.parent.name.startswith("_")}


def hidden_parts(run: Path) -> set[Path]:
    """Return the part files of a run that are not in a published table."""
    return {path for path in files(run) if path.suffix == ".parquet" and is_hidden(path.parent, run)}


def table_directories(run: Path) -> set[Path]:
    """Return the directories of a run that hold a published table."""
    return {path.parent for path in files(run) if path.suffix == ".parquet" and not is_hidden(path.parent, run)}


def files(run: Path) -> Iterator[Path]:
    """Yield all files of a run. Directories may vanish meanwhile; `os.walk` tolerates that."""
    return (Path(directory, name) for directory, _, names in os.walk(run) for name in names)


def is_hidden(directory: Path, run: Path) -> bool:
    """Return whether readers skip a directory of a run, or one of its parents."""
    return any(part.startswith("_") for part in directory.relative_to(run).parts)


def kill_at(program: Program, moment: Moment, victim: Role, random: Random) -> bool:
    """Kill a running process of that role when the moment has come; return False if the program ended before.

    If no such process runs at that moment, the next one that starts is killed.
    """
    if not wait_until(program, moment.has_come) or not wait_seconds(program, moment.delay):
        return moment.environment != {} and program.process.wait() == -signal.SIGKILL
    while program.process.poll() is None:
        candidates = program.look()[victim]
        if candidates:
            random.choice(candidates).kill()
            return True
        time.sleep(POLL_SECONDS)
    return False


def wait_until(program: Program, has_come: Callable[[], bool]) -> bool:
    """Poll `has_come`; return whether it became true before the program ended."""
    looked = 0.0
    while program.process.poll() is None:
        if has_come():
            return True
        if time.monotonic() - looked > LOOKS_APART_SECONDS:
            program.look()
            looked = time.monotonic()
        time.sleep(POLL_SECONDS)
    return False


def wait_seconds(program: Program, seconds: float) -> bool:
    """Wait; return whether the program still runs afterwards."""
    until = time.monotonic() + seconds
    return wait_until(program, lambda: time.monotonic() >= until)
