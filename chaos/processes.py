"""A program under test as its user starts it, and the processes that it starts in its turn."""

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
    """One start of a program; a context manager that leaves none of its processes behind.

    script: what is started. directory: where. output: the file of what it prints.
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
        """The living processes of this start by what they are; also notes them in `seen`."""
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
        """The exit status; None where it takes longer."""
        until = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < until:
            self.look()
            time.sleep(0.2)
        return self.process.poll()

    def survivors(self) -> list[psutil.Process]:
        """Those of the processes seen that live on."""
        return [process for process in self.seen if is_alive(process)]

    def wait_for_survivors(self, seconds: float) -> float | None:
        """The seconds until no process of this start is left; None where some live longer."""
        started = time.monotonic()
        while self.survivors():
            if time.monotonic() - started > seconds:
                return None
            time.sleep(0.02)
        return time.monotonic() - started

    def printed(self) -> str:
        """What it has printed so far."""
        return self.output.read_text(encoding="utf-8", errors="replace")


def role_of(process: psutil.Process) -> Role | None:
    """What a process below the driver is; None for what only starts others, and for one that is gone."""
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
    """Whether it still runs; one that only waits to be reaped does not."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
