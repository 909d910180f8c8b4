"""The command in hints: as a person typed it, from a checkout and from an installed package."""

from __future__ import annotations

import sys

import pytest

from spark.runs.invocation import called_name, this_command


@pytest.mark.parametrize(
    ("started", "active", "expected"),
    [
        pytest.param("calculate_metrics.py", True, "python calculate_metrics.py", id="active environment"),
        pytest.param(
            "calculate_metrics.py", False, ".venv/bin/python calculate_metrics.py", id="no active environment"
        ),
        pytest.param("/opt/bin/calculate-metrics", False, "calculate-metrics", id="installed script"),
    ],
)
def test_this_command(monkeypatch: pytest.MonkeyPatch, started: str, active: bool, expected: str) -> None:
    monkeypatch.setattr(sys, "argv", [started, "--help"])
    monkeypatch.setattr("os.path.relpath", lambda path: ".venv/bin/python")
    if active:
        monkeypatch.setenv("VIRTUAL_ENV", "/x/.venv")
    else:
        monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    assert this_command() == expected


@pytest.mark.parametrize(
    ("started", "expected"),
    [
        ("/opt/bin/calculate-metrics", "calculate-metrics"),
        ("calculate_metrics.py", "calculate_metrics.py"),
        ("/lib/pytest/__main__.py", "calculate_metrics.py"),
    ],
)
def test_called_name(monkeypatch: pytest.MonkeyPatch, started: str, expected: str) -> None:
    monkeypatch.setattr(sys, "argv", [started])
    assert called_name("calculate_metrics.py") == expected
