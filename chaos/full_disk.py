"""A disk that fills up during a run: the run must report it, publish no incomplete table, and resume after cleanup."""

from __future__ import annotations

import errno
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chaos import checks
from chaos.harness import Harness
from chaos.moments import hidden_directories, wait_until

TINY_DISK_MIB = 4
DISK_IS_FULL = re.compile(r"no space left|GB are free", re.IGNORECASE)


def fill_the_disk(harness: Harness) -> None:
    """Fill the output disk once the first job has begun; then free the space and resume the run."""
    with small_disk(harness.directory / "disk", harness.disk_mib) as disk:
        if disk is None:
            print("full disk: skipped; this machine does not allow mounting a tmpfs", flush=True)
            return
        run, ballast = disk / "full-disk", disk / "ballast"
        with harness.program("full-disk", "--output_dir", str(disk)) as program:
            if wait_until(program, lambda: bool(hidden_directories(run))):
                fill(ballast)
            status = program.wait()
        harness.note("full-disk", check_message(status, program.printed()))
        harness.note("full-disk", checks.visible_tables_are_complete(run, harness.expected))
        ballast.unlink()
        harness.resume("full-disk", "--output_dir", str(disk), run=run)
    print(f"full disk: ended with status {status}; same tables once there was space", flush=True)


def start_on_a_tiny_disk(harness: Harness) -> None:
    """Start a run on a disk that is too small from the beginning."""
    with small_disk(harness.directory / "tiny-disk", TINY_DISK_MIB) as disk:
        if disk is None:
            return
        with harness.program("tiny-disk", "--output_dir", str(disk)) as program:
            status = program.wait()
        harness.note("tiny-disk", check_message(status, program.printed()))
        harness.note("tiny-disk", checks.visible_tables_are_complete(disk / "tiny-disk", harness.expected))
    print(f"disk too small from the beginning: ended with status {status}", flush=True)


def check_message(status: int | None, printed: str) -> list[str]:
    """Return the faults in how a run ended on a full disk."""
    faults = [] if status in (1, 2) else [f"expected status 1 or 2 on a full disk, found {status}"]
    if not DISK_IS_FULL.search(printed):
        faults.append(f"does not report that the disk is full:\n{printed}")
    if "Traceback" in printed:
        faults.append(f"printed a traceback on a full disk:\n{printed}")
    return faults


@contextmanager
def small_disk(path: Path, size_mib: int) -> Iterator[Path | None]:
    """Mount a separate file system of that size; yield None if mounting is not allowed."""
    path.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size_mib}m", "tmpfs", str(path)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        yield None
        return
    try:
        yield path
    finally:
        subprocess.run(["umount", "--lazy", str(path)], check=True)


def fill(ballast: Path) -> None:
    """Write a file until the disk is full; raise OSError for any other failure."""
    try:
        with ballast.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(2**16))
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
