"""A disk that runs full in mid-run: the run says so, nothing half done looks complete, and with room it goes on."""

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
SAYS_SO = re.compile(r"no space left|GB are free", re.IGNORECASE)


def fill_the_disk(harness: Harness) -> None:
    """Fills the disk of the output once the first split has begun; then makes room, and has the run go on."""
    with small_disk(harness.directory / "disk", harness.disk_mib) as disk:
        if disk is None:
            print("full disk: skipped, since this machine lets nobody mount a tmpfs", flush=True)
            return
        run, ballast = disk / "full-disk", disk / "ballast"
        with harness.program("full-disk", "--output_dir", str(disk)) as program:
            if wait_until(program, lambda: bool(hidden_directories(run))):
                fill(ballast)
            status = program.wait()
        harness.note("full-disk", says_that_the_disk_is_full(status, program.printed()))
        harness.note("full-disk", checks.nothing_looks_complete_and_is_not(run, harness.expected))
        ballast.unlink()
        harness.go_on_to_the_end("full-disk", "--output_dir", str(disk), run=run)
    print(f"full disk: ended with status {status}; with room again the same tables", flush=True)


def start_on_a_tiny_disk(harness: Harness) -> None:
    """Starts where there is too little room from the beginning."""
    with small_disk(harness.directory / "tiny-disk", TINY_DISK_MIB) as disk:
        if disk is None:
            return
        with harness.program("tiny-disk", "--output_dir", str(disk)) as program:
            status = program.wait()
        harness.note("tiny-disk", says_that_the_disk_is_full(status, program.printed()))
        harness.note("tiny-disk", checks.nothing_looks_complete_and_is_not(disk / "tiny-disk", harness.expected))
    print(f"disk too small from the beginning: ended with status {status}", flush=True)


def says_that_the_disk_is_full(status: int | None, printed: str) -> list[str]:
    """What is wrong with how a run ended whose disk was full."""
    faults = [] if status in (1, 2) else [f"ended with status {status} on a full disk"]
    if not SAYS_SO.search(printed):
        faults.append(f"does not say that the disk is full:\n{printed}")
    if "Traceback" in printed:
        faults.append(f"printed a traceback on a full disk:\n{printed}")
    return faults


@contextmanager
def small_disk(path: Path, size_mib: int) -> Iterator[Path | None]:
    """A file system of its own of that size; None where mounting is not allowed."""
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
    """Writes until the disk is full; raises OSError where something else stops it."""
    try:
        with ballast.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(2**16))
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
