"""Count the driver's operations on the files of a run, and kill the driver before one of them.

Python imports this module at startup if it is on PYTHONPATH. It acts only in the programs `SCRIPTS`, and only if the
environment has these variables:

CHAOS_DIRECTORY: the run's directory. CHAOS_OPERATIONS: a file; one line is appended per operation.
CHAOS_KILL_BEFORE: the number of the operation that must not happen, counted from 1.
"""

import os
import signal
import sys
from pathlib import Path

SCRIPTS = ("calculate_metrics.py", "build_features.py")
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


class Operations:
    """An audit hook that counts the operations."""

    def __init__(self, directory: str, log: str, kill_before: int) -> None:
        self.directory, self.kill_before, self.count = directory, kill_before, 0
        self.log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def __call__(self, event: str, arguments: tuple[object, ...]) -> None:
        if event not in ("os.rename", "os.remove", "os.rmdir", "os.mkdir", "open"):
            return
        if event == "open" and not (isinstance(arguments[2], int) and arguments[2] & WRITING):
            return
        path = whole_path(arguments[0], arguments[-1] if event in ("os.remove", "os.rmdir") else -1)
        # The lock's heartbeat depends on time. If it counted, a number would not always name the same operation.
        if not path.startswith(self.directory + "/") or (event == "open" and path.endswith("/run.lock")):
            return
        self.count += 1
        os.write(self.log, f"{event} {path}\n".encode())
        if self.count == self.kill_before:
            os.kill(os.getpid(), signal.SIGKILL)


def whole_path(path: object, directory: object) -> str:
    """Return the absolute path of an operation. directory: the open directory that the path is relative to, or -1."""
    if not isinstance(path, str | bytes | os.PathLike):
        return ""
    start = Path.cwd()
    if isinstance(directory, int) and directory >= 0:
        start = Path(f"/proc/self/fd/{directory}").readlink()
    return str(start / os.fsdecode(path))


if "CHAOS_DIRECTORY" in os.environ and any(each.endswith(SCRIPTS) for each in sys.orig_argv):
    sys.addaudithook(
        Operations(
            os.environ["CHAOS_DIRECTORY"], os.environ["CHAOS_OPERATIONS"], int(os.environ.get("CHAOS_KILL_BEFORE", 0))
        )
    )
