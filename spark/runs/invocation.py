"""The name and the command that started this program, for messages."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path


def this_command() -> str:
    """Return the command that started this program, without its arguments, as a person would type it.

    It is `calculate-metrics` for the installed script, `python calculate_metrics.py` for the file.
    """
    if not sys.argv[0].endswith(".py"):
        return Path(sys.argv[0]).name  # an installed script
    python = "python" if os.environ.get("VIRTUAL_ENV") else os.path.relpath(sys.executable)
    return shlex.join([python, sys.argv[0]])


def command_of(program: str) -> str:
    """Return the command that starts another program, such as `calculate_metrics.py`, as this one was started."""
    if not sys.argv[0].endswith(".py"):
        return _script(program)
    python, file = shlex.split(this_command())
    return shlex.join([python, str(Path(file).with_name(program))])


def called_name(program: str) -> str:
    """Return the name under which a program was started: `calculate_metrics.py`, or its script `calculate-metrics`."""
    script = _script(program)
    return script if Path(sys.argv[0]).stem == script else program


def _script(program: str) -> str:
    return program.removesuffix(".py").replace("_", "-")
