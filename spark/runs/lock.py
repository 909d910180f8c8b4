"""Lock a run's directory, so that one process at a time writes there.

The lock file names its holder and is renewed every few seconds. A dead holder's lock is taken over at once.
Not filelock: its FileLock names no holder, its SoftFileLease makes the next run wait for a machine that died hours
ago, and neither works on object stores.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace

from spark.runs.lock_holder import Holder, read_holder, this_process
from spark.storage.paths import AnyPath, is_local
from utils import UserError, printable

LOCK = "run.lock"
SECONDS_BETWEEN_SIGNS = 10.0
# Time for another process to finish writing the lock file.
SECONDS_TO_SETTLE = 1.0


@contextmanager
def run_lock(
    directory: AnyPath,
    *,
    seconds_between_signs: float = SECONDS_BETWEEN_SIGNS,
    seconds_to_settle: float = SECONDS_TO_SETTLE,
) -> Iterator[None]:
    """Hold the lock of a run's directory, which must exist. Raise UserError if a living process holds it."""
    path, holder = directory / LOCK, this_process()
    _acquire(path, holder, seconds_to_settle)
    stop = threading.Event()
    renewal = threading.Thread(target=_renew, args=(path, holder, stop, seconds_between_signs), daemon=True)
    renewal.start()
    try:
        yield
    finally:
        stop.set()
        renewal.join()
        if _is_held_by(path, holder):
            path.unlink()


def require_unlocked(directory: AnyPath) -> None:
    """Raise UserError if a living process holds the lock of a run's directory, which need not exist."""
    holder = read_holder(directory / LOCK)
    if holder is not None and holder.is_alive():
        raise UserError(_held_message(directory / LOCK, holder))


def _acquire(path: AnyPath, holder: Holder, seconds_to_settle: float) -> None:
    """Acquire the lock. Raise UserError if a living process holds it."""
    if path.is_dir():
        raise UserError(f"{printable(str(path))}: expected a file, found a directory; remove it.")
    while not _create(path, holder, seconds_to_settle):
        found = read_holder(path)
        if found is None:
            time.sleep(seconds_to_settle)
            found = read_holder(path)
        if found is not None and found.is_alive():
            raise UserError(_held_message(path, found))
        _remove_stale(path, found, holder, seconds_to_settle)


def _create(path: AnyPath, holder: Holder, seconds_to_settle: float) -> bool:
    """Create the lock file; return whether the lock was free."""
    text = json.dumps(asdict(holder))
    if is_local(path):
        try:
            with path.open("x") as file:
                file.write(text)
        except FileExistsError:
            return False
        return True
    if path.exists():
        return False
    # Object stores have no exclusive create: the last writer wins, and every writer then reads who that was.
    path.write_text(text)
    time.sleep(seconds_to_settle)
    return _is_held_by(path, holder)


def _remove_stale(path: AnyPath, dead: Holder | None, holder: Holder, seconds_to_settle: float) -> None:
    """Remove the lock of a dead process, unless another process has just taken it over.

    On a local path, the removal has a lock of its own: of two processes that found the same dead holder, the slower
    one would otherwise remove the lock of the faster one.
    """
    if not is_local(path):
        if read_holder(path) == dead and path.exists():
            path.unlink()
        return
    removal = path.with_name(f"{path.name}.removal")
    _acquire(removal, holder, seconds_to_settle)
    if read_holder(path) == dead:
        path.unlink(missing_ok=True)
    removal.unlink()


def _renew(path: AnyPath, holder: Holder, stop: threading.Event, seconds_between_signs: float) -> None:
    """Update the sign of life until `stop` is set, or until another process holds the lock."""
    while not stop.wait(seconds_between_signs) and _is_held_by(path, holder):
        text = json.dumps(asdict(replace(holder, last_sign=int(time.time()))))
        if not is_local(path):
            path.write_text(text)
        else:
            with path.open("r+") as file:  # same length as before: works on a full disk
                file.write(text)


def _is_held_by(path: AnyPath, holder: Holder) -> bool:
    """Return whether this acquisition still holds the lock."""
    found = read_holder(path)
    return found is not None and found.token == holder.token


def _held_message(path: AnyPath, holder: Holder) -> str:
    """Return the error message that names the holder."""
    seconds = max(0, round(time.time() - holder.last_sign))
    who = f"process {holder.process} on {printable(str(holder.host))} since {printable(str(holder.since))}"
    return (
        f"Run {printable(path.parent.name)} is being written by {who} (last sign of life {seconds} s ago).\n"
        "Wait for it, stop it, or give another --run_id."
    )
