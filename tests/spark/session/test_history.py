"""`make history` checks its arguments before it starts Spark's history server."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import PROJECT

HISTORY = ["make", "-o", ".venv/.ready", f"PY={sys.executable}", "history"]  # with the packages of the tests


@pytest.mark.parametrize(
    "below",
    [
        pytest.param(None, id="no run"),
        pytest.param("run.json", id="no event log"),
        pytest.param("spark-events/.log4j2.properties", id="Spark was never started"),
    ],
)
def test_a_directory_without_an_event_log_is_rejected(below: str | None, tmp_path: Path) -> None:
    run = tmp_path / "a run"
    if below:
        (run / below).parent.mkdir(parents=True)
        (run / below).touch()
    answered = subprocess.run([*HISTORY, f"RUN={run}"], cwd=PROJECT, capture_output=True, text=True)
    assert answered.returncode != 0
    assert f"found none in '{run}'. Give the directory of a run: make history RUN=output/RUN_ID" in answered.stderr


def test_a_missing_run_is_rejected() -> None:
    answered = subprocess.run(HISTORY, cwd=PROJECT, capture_output=True, text=True)
    assert answered.returncode != 0
    assert "make history RUN=output/RUN_ID" in answered.stderr
