"""The programs of this project: the scripts of `pyproject.toml`."""

from __future__ import annotations

import tomllib
from importlib import import_module
from pathlib import Path
from typing import Any

from spark.runs.command_line import CommandLine

PROJECT = Path(__file__).resolve().parent.parent


def project_settings() -> dict[str, Any]:
    """Return the content of `pyproject.toml`."""
    return tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))


def program_modules() -> dict[str, str]:
    """Return the module of each program, such as `calculate_metrics`, by the name of its installed script."""
    return {name: target.partition(":")[0] for name, target in project_settings()["project"]["scripts"].items()}


def command_lines() -> dict[str, CommandLine]:
    """Return the options of each program, by the name of its file."""
    return {f"{name}.py": import_module(name).command_line() for name in program_modules().values()}
