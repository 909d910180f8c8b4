"""The programs of the project, started as a user starts them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from tests.conftest import PROJECT


def run_program(
    program: str, *arguments: str, directory: Path, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a program in the given directory, away from the repository, and capture its output."""
    command = [sys.executable, str(PROJECT / program), *arguments]
    inherited = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYSPARK_PYTHON")}
    return subprocess.run(
        command, cwd=directory, env=inherited | dict(environment or {}), capture_output=True, text=True, timeout=600
    )


calculate_metrics = partial(run_program, "calculate_metrics.py")
build_features = partial(run_program, "build_features.py")
