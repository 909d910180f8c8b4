"""Describe the process that holds a run's lock, and whether it is alive."""

from __future__ import annotations

import os
import socket
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from spark.storage.paths import AnyPath
from spark.storage.state_files import is_count, read_state

# A holder on another machine without a sign of life for this long counts as dead.
SECONDS_UNTIL_DEAD = 120.0


@dataclass(frozen=True)
class Holder:
    """The process that holds the lock.

    process_started: start time in kernel ticks since boot, which tells this process from a later one with the same
    number; None on systems without /proc.
    token: unique to this acquisition of the lock.
    last_sign: last sign of life, in seconds since 1970.
    """

    host: str
    process: int
    process_started: int | None
    since: str
    token: str
    last_sign: int

    def is_alive(self) -> bool:
        """Return whether the process still runs; on another machine, whether its last sign of life is recent."""
        if self.host != socket.gethostname():
            return abs(time.time() - self.last_sign) < SECONDS_UNTIL_DEAD
        return _is_running(self.process) and _started(self.process) == self.process_started


def read_holder(path: AnyPath) -> Holder | None:
    """Return the holder of a lock; None if there is no lock file or its content is invalid."""
    try:
        holder = Holder(**read_state(path))
    except (OSError, ValueError, TypeError):
        return None
    texts = (holder.host, holder.since, holder.token)
    numbers = (holder.process, holder.last_sign, holder.process_started or 0)
    is_valid = all(isinstance(each, str) for each in texts) and all(is_count(each) for each in numbers)
    return holder if is_valid and 0 < holder.process < 2**31 else None


def this_process() -> Holder:
    """Return this process as the holder of a lock, with a new token."""
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
    """Return the start time of a process of this machine, in ticks since boot; None without /proc."""
    try:
        # Skip the second field, the program's name in parentheses, which may contain spaces.
        return int(Path("/proc", str(process), "stat").read_text().rpartition(")")[2].split()[19])
    except (OSError, ValueError, IndexError):
        return None
