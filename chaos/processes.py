"""A program under test, started as a user starts it, and its child processes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import psutil

CALCULATE_METRICS, BUILD_FEATURES = (
    Path(__file__).resolve().parent.parent / name for name in ("calculate_metrics.py", "build_features.py")
)
CRASH_POINTS = Path(__file__).resolve().parent / "crash_points"
LONGEST_SECONDS = 1200.0

Role = Literal["driver", "jvm", "daemon", "worker"]


@dataclass
class Program:
    """One start of a program; a context manager that kills all remaining processes at its end.

    script: the program. directory: its working directory. output: the file for its standard output and error.
    seen: all processes of this start that `look` has found.
    """

    script: Path
    arguments: Sequence[str]
    directory: Path
    output: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    seen: set[psutil.Process] = field(default_factory=set)

    def __enter__(self) -> Program:
        inherited = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYSPARK_PYTHON")}
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, str(self.script), *self.arguments],
                cwd=self.directory,
                env={**inherited, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self.driver = psutil.Process(self.process.pid)
        return self

    def __exit__(self, *error: object) -> None:
        self.look()
        for process in self.seen:
            if process.is_running():
                process.kill()
        self.process.wait()

    def look(self) -> dict[Role, list[psutil.Process]]:
        """Return the running processes of this start by role, and add them to `seen`."""
        found: dict[Role, list[psutil.Process]] = {"driver": [], "jvm": [], "daemon": [], "worker": []}
        if self.process.poll() is not None:
            return found
        try:
            children = self.driver.children(recursive=True)
        except psutil.NoSuchProcess:
            return found
        found["driver"].append(self.driver)
        for child in children:
            role = role_of(child)
            if role is not None:
                found[role].append(child)
        self.seen.update(*found.values())
        return found

    def wait(self, seconds: float = LONGEST_SECONDS) -> int | None:
        """Return the exit status; None if the program runs longer than `seconds`."""
        until = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < until:
            self.look()
            time.sleep(0.2)
        return self.process.poll()

    def survivors(self) -> list[psutil.Process]:
        """Return the processes in `seen` that are still running."""
        return [process for process in self.seen if is_alive(process)]

    def wait_for_survivors(self, seconds: float) -> float | None:
        """Return the seconds until no process of this start is left; None if that takes more than `seconds`."""
        started = time.monotonic()
        while self.survivors():
            if time.monotonic() - started > seconds:
                return None
            time.sleep(0.02)
        return time.monotonic() - started

    def printed(self) -> str:
        """Return the output so far."""
        return self.output.read_text(encoding="utf-8", errors="replace")


def role_of(process: psutil.Process) -> Role | None:
    """Return the role of a process below the driver; None for launchers and for processes that have ended."""
    try:
        parent = process.parent()
        if process.name() == "java":
            return "jvm" if "org.apache.spark.deploy.SparkSubmit" in process.cmdline() else None
        if parent is None or "pyspark.daemon" not in process.cmdline():
            return None
        return "daemon" if parent.name() == "java" else "worker"
    except psutil.Error:
        return None


def is_alive(process: psutil.Process) -> bool:
    """Return whether a process is running; a zombie is not."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
