"""The lock of a run's directory: one process at a time writes there, and one that died is not waited for."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from spark.storage.paths import AnyPath
from spark.storage.remote_path import RemotePath
from spark.storage.state_files import is_count, read_state
from utils import UserError, printable

LOCK = "run.lock"
SECONDS_BETWEEN_SIGNS = 10.0
# A holder on another machine that has given no sign for so long is taken for dead.
SECONDS_UNTIL_DEAD = 120.0
# For what another process writes in the same moment to be there whole.
SECONDS_TO_SETTLE = 1.0


@dataclass(frozen=True)
class Holder:
    """The process that writes into a run's directory.

    process_started: in the kernel's ticks since boot, which tell it from a later process of the same number; None
    where the system does not say. token: of this taking of the lock alone. last_sign: seconds since 1970.
    """

    host: str
    process: int
    process_started: int | None
    since: str
    token: str
    last_sign: int

    def is_alive(self) -> bool:
        """Whether the process still runs: looked up on its own machine, told by its last sign on any other."""
        if self.host != socket.gethostname():
            return abs(time.time() - self.last_sign) < SECONDS_UNTIL_DEAD
        return _is_running(self.process) and _started(self.process) == self.process_started


@contextmanager
def run_lock(directory: AnyPath) -> Iterator[None]:
    """Holds the lock of a run's directory, which exists; raises UserError where a living process holds it."""
    path, holder = directory / LOCK, _this_process()
    _take(path, holder)
    stop = threading.Event()
    signs = threading.Thread(target=_give_signs, args=(path, holder, stop), daemon=True)
    signs.start()
    try:
        yield
    finally:
        stop.set()
        signs.join()
        if _is_held_by(path, holder):
            path.unlink()


def require_unlocked(directory: AnyPath) -> None:
    """Raises UserError where a living process holds the lock of a run's directory, which need not exist."""
    holder = read_holder(directory / LOCK)
    if holder is not None and holder.is_alive():
        raise UserError(_held(directory / LOCK, holder))


def read_holder(path: AnyPath) -> Holder | None:
    """Who holds a lock; None where nobody does, or where nothing legible is written there."""
    try:
        holder = Holder(**read_state(path))
    except (OSError, ValueError, TypeError):
        return None
    texts = (holder.host, holder.since, holder.token)
    numbers = (holder.process, holder.last_sign, holder.process_started or 0)
    is_legible = all(isinstance(each, str) for each in texts) and all(is_count(each) for each in numbers)
    return holder if is_legible and 0 < holder.process < 2**31 else None


def _take(path: AnyPath, holder: Holder) -> None:
    if path.is_dir():
        raise UserError(f"{printable(str(path))}: expected a file, found a directory; take it away.")
    while not _create(path, holder):
        found = read_holder(path)
        if found is None:
            time.sleep(SECONDS_TO_SETTLE)
            found = read_holder(path)
        if found is not None and found.is_alive():
            raise UserError(_held(path, found))
        _remove_stale(path, found)


def _create(path: AnyPath, holder: Holder) -> bool:
    """Whether the lock was free and is now the holder's."""
    text = json.dumps(asdict(holder))
    if isinstance(path, Path):
        try:
            with path.open("x") as file:
                file.write(text)
        except FileExistsError:
            return False
        return True
    if path.exists():
        return False
    # Object stores have no "create, unless it is there": the last to write wins, and all see who that was.
    path.write_text(text)
    time.sleep(SECONDS_TO_SETTLE)
    return _is_held_by(path, holder)


def _remove_stale(path: AnyPath, dead: Holder | None) -> None:
    """Removes the lock of a dead process, unless another process has taken it over just now."""
    if isinstance(path, RemotePath):
        if read_holder(path) == dead and path.exists():
            path.unlink()
        return
    aside = path.with_name(f"{path.name}.{uuid.uuid4().hex}")
    try:
        path.rename(aside)  # only one of several can
    except FileNotFoundError:
        return
    found = read_holder(aside)
    if found is not None and found != dead:
        aside.rename(path)
    else:
        aside.unlink()


def _give_signs(path: AnyPath, holder: Holder, stop: threading.Event) -> None:
    """Renews the sign of life until told to stop, or until the lock is another's."""
    while not stop.wait(SECONDS_BETWEEN_SIGNS) and _is_held_by(path, holder):
        text = json.dumps(asdict(replace(holder, last_sign=int(time.time()))))
        if isinstance(path, RemotePath):
            path.write_text(text)
        else:
            with path.open("r+") as file:  # as long as what is there, so that a full disk is no hindrance
                file.write(text)


def _is_held_by(path: AnyPath, holder: Holder) -> bool:
    found = read_holder(path)
    return found is not None and found.token == holder.token


def _held(path: AnyPath, holder: Holder) -> str:
    seconds = max(0, round(time.time() - holder.last_sign))
    who = f"process {holder.process} on {printable(str(holder.host))} since {printable(str(holder.since))}"
    return (
        f"Run {printable(path.parent.name)} is being written by {who} (last sign of life {seconds} s ago).\n"
        "Wait until it is done, stop it, or give another --run_id."
    )


def _this_process() -> Holder:
    process, now = os.getpid(), datetime.now(UTC).isoformat(timespec="seconds")
    return Holder(socket.gethostname(), process, _started(process), now, uuid.uuid4().hex, int(time.time()))


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _started(process: int) -> int | None:
    """When a process of this machine started, in ticks since boot; None where /proc does not say."""
    try:
        # The second field is the program's name in parentheses, and may hold anything.
        return int(Path("/proc", str(process), "stat").read_text().rpartition(")")[2].split()[19])
    except (OSError, ValueError, IndexError):
        return None
