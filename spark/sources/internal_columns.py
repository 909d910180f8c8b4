"""Columns that exist only within a run, between reading a source and writing its tables."""

from __future__ import annotations

INTERNAL = "_run_"  # prefix; no column of a source may begin with it
REJECTION = f"{INTERNAL}rejection"  # why the loading step rejects a row; null for most rows
LINE = f"{INTERNAL}line"  # a rejected line of a JSONL file, as it stands there
LINE_REASON = f"{INTERNAL}line_reason"  # why the line is rejected
ROW_NUMBER = f"{INTERNAL}row_number"  # position of the row in its source


def other_column(position: int) -> str:
    """Return the name, within a run, of a user's own column, whose own name Spark might not accept."""
    return f"{INTERNAL}other_{position}"


def of_model(model: str | None, name: str) -> str:
    """Return the name, within a run, of a column that belongs to one of several models."""
    return f"{INTERNAL}{model}_{name}"
