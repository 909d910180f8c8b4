"""Small pure helpers for every part of the project: user errors, suggestions, safe printing, run ids."""

from __future__ import annotations

import re
from datetime import datetime

from filters.errors import UserError, nearest, printable, printable_lines, require_known

__all__ = [
    "VERSION",
    "UserError",
    "check_run_id",
    "nearest",
    "new_run_id",
    "printable",
    "printable_lines",
    "require_known",
]

VERSION = "0.2.0"  # of this project; pyproject.toml reads it from here


def new_run_id(now: datetime) -> str:
    """Return a run id made from the time, sortable as text: 2026-11-21_23-35-58."""
    return now.strftime("%Y-%m-%d_%H-%M-%S")


def check_run_id(run_id: str) -> str:
    """Return the run id; raise UserError if it is not a plain directory name."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", run_id):
        raise UserError(
            "--run_id names one directory in --output_dir: letters, digits, '.', '_' and '-', at most 100.\n"
            f"Found {printable(run_id)!r}; give a plain name."
        )
    return run_id
