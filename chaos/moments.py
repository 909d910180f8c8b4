"""When a process is killed: moments spread over the whole life of a run, some of them aimed at."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from chaos.processes import CRASH_POINTS, Program, Role
from chaos.tables import MARKER

POLL_SECONDS = 0.002
LOOKS_APART_SECONDS = 0.2


@dataclass(frozen=True)
class Moment:
    """A moment in words, and how it is known: `has_come` is asked again and again, `delay` seconds are added.

    environment: what the program is started with, where it is to kill itself at the moment.
    """

    words: str
    has_come: Callable[[], bool]
    delay: float = 0.0
    environment: Mapping[str, str] = field(default_factory=dict)


def after(seconds: float) -> Moment:
    """So many seconds after the start."""
    return Moment(f"{seconds:.1f} s after the start", lambda: True, seconds)


def when_a_split_begins(run: Path, delay: float) -> Moment:
    """So many seconds after the driver has made the directory that the workers write a split to."""
    before = hidden_directories(run)
    return Moment(f"{delay:.2f} s after a split began", lambda: bool(hidden_directories(run) - before), delay)


def when_a_part_appears(run: Path, delay: float) -> Moment:
    """So many seconds after a worker has begun a new file that no reader sees yet."""
    before = hidden_parts(run)
    return Moment(f"{delay:.2f} s after a first hidden part file", lambda: bool(hidden_parts(run) - before), delay)


def when_a_table_appears(run: Path, delay: float) -> Moment:
    """So many seconds after another table has got its final name."""
    before = table_directories(run)
    return Moment(f"{delay:.2f} s after a table appeared", lambda: bool(table_directories(run) - before), delay)


def before_operation(run: Path, number: int, log: Path) -> Moment:
    """Just before the driver's change of that number to the run's files, counted from 1; it kills itself."""
    environment = operations_environment(run, log) | {"CHAOS_KILL_BEFORE": str(number)}
    return Moment(f"before the driver's file operation {number}", lambda: False, environment=environment)


def operations_environment(run: Path, log: Path) -> dict[str, str]:
    """What has the driver write down its operations on the run's files."""
    return {"PYTHONPATH": str(CRASH_POINTS), "CHAOS_DIRECTORY": str(run), "CHAOS_OPERATIONS": str(log)}


def hidden_directories(run: Path) -> set[Path]:
    """The directories of a run in which tables are in the making."""
    hidden = (Path(directory) for directory, _, _ in os.walk(run))
    return {path for path in hidden if path.parent.name.startswith("_")}


def hidden_parts(run: Path) -> set[Path]:
    """The part files of a run that are in no table yet."""
    return {path for path in files(run) if path.suffix == ".parquet" and is_hidden(path.parent, run)}


def table_directories(run: Path) -> set[Path]:
    """The directories of a run that hold a table under its final name."""
    return {path.parent for path in files(run) if path.name == MARKER and not is_hidden(path.parent, run)}


def files(run: Path) -> Iterator[Path]:
    """All files of a run; while it goes on, directories vanish under the eyes, which os.walk does not mind."""
    return (Path(directory, name) for directory, _, names in os.walk(run) for name in names)


def is_hidden(directory: Path, run: Path) -> bool:
    """Whether a directory of a run is one that no reader looks into, or lies in one."""
    return any(part.startswith("_") for part in directory.relative_to(run).parts)


def kill_at(program: Program, moment: Moment, victim: Role, random: Random) -> bool:
    """Kills one process of that role, alive, when the moment has come; False where the program ended before.

    Where there is none at the moment, the next that starts is killed.
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
    """Whether it came before the program ended."""
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
    """Whether the program still runs after so many seconds."""
    until = time.monotonic() + seconds
    return wait_until(program, lambda: time.monotonic() >= until)
