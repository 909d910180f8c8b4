"""Read the small JSON files that one run leaves for the next; their content is not trusted."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from spark.storage.paths import AnyPath


def read_state(path: AnyPath) -> dict[str, Any]:
    """Read a JSON object. Raise OSError if the file cannot be read, ValueError if it holds anything else."""
    if path.exists() and not path.is_file():
        raise ValueError("expected a file")  # reading a named pipe would block
    try:
        state = json.loads(path.read_text(), parse_constant=_refuse)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(state, dict):
        raise ValueError("expected an object")
    return state


def is_count(value: object) -> bool:
    """Return whether a value is a count: an integer from 0 to 2**63 - 1."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63


def is_duration(value: object) -> bool:
    """Return whether a value is a duration: a finite number of seconds, 0 or more."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value >= 0


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"expected a number, found {constant}")
