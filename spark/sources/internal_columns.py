"""Columns that exist only within a run, between reading a source and writing its tables."""

from __future__ import annotations

INTERNAL = "_run_"  # prefix; no column of a source may begin with it
REJECTION = f"{INTERNAL}rejection"  # the reason to reject a row, found while reading; null for most rows
LINE = f"{INTERNAL}line"  # a rejected line, as it is in the file
LINE_REASON = f"{INTERNAL}line_reason"  # the reason to reject the line
LINE_KIND = f"{INTERNAL}line_kind"  # the kind of that reason; without this column, the line cannot be read
ROW_NUMBER = f"{INTERNAL}row_number"  # position of the row in its source


def other_column(position: int) -> str:
    """Return the name, within a run, of a user's own column; Spark might not accept its own name."""
    return f"{INTERNAL}other_{position}"


def of_model(model: str | None, name: str) -> str:
    """Return the name, within a run, of a column that belongs to one of several models."""
    return f"{INTERNAL}{model}_{name}"
