"""Small JSON files that a run leaves for the next one, which finds in them whatever happened meanwhile."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from spark.storage.paths import AnyPath


def read_state(path: AnyPath) -> dict[str, Any]:
    """The JSON object in a file; raises OSError where it cannot be read, ValueError where it holds anything else."""
    if path.exists() and not path.is_file():
        raise ValueError("expected a file")  # a pipe would be waited for
    try:
        state = json.loads(path.read_text(), parse_constant=_refuse)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(state, dict):
        raise ValueError("expected an object")
    return state


def is_count(value: object) -> bool:
    """Whether a value from such a file counts something: a whole number, not below 0, of at most 64 bits."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63


def is_duration(value: object) -> bool:
    """Whether a value from such a file is a number of seconds."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value >= 0


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"expected a number, found {constant}")
