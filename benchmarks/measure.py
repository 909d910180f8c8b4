"""Measure a command: its seconds, and the peak memory of all its processes together."""

from __future__ import annotations

import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

SECONDS_BETWEEN_LOOKS = 0.5


@dataclass(frozen=True)
class Measured:
    """Wall-clock and CPU seconds of a command and its children, and their peak memory in bytes.

    Memory is the sum of proportional set sizes, which counts shared pages once.
    """

    seconds: float
    cpu_seconds: float
    peak_bytes: int


def measure_command(command: list[str], log: Path) -> Measured:
    """Run a command and measure it; raise CalledProcessError, with the end of its log, if it fails."""
    started = time.monotonic()
    peak = 0
    cpu_by_process: dict[int, float] = {}
    with log.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT) as process:
        root = psutil.Process(process.pid)
        while process.poll() is None:
            peak = max(peak, _look(root, cpu_by_process))
            time.sleep(SECONDS_BETWEEN_LOOKS)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command, log.read_bytes()[-2000:])
    return Measured(time.monotonic() - started, sum(cpu_by_process.values()), peak)


def _look(root: psutil.Process, cpu_by_process: dict[int, float]) -> int:
    total = 0
    try:
        for process in (root, *root.children(recursive=True)):
            with process.oneshot():
                total += process.memory_full_info().pss
                times = process.cpu_times()
                cpu_by_process[process.pid] = times.user + times.system
    except psutil.NoSuchProcess:
        pass
    return total
