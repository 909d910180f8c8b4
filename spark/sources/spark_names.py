"""Paths and column names, escaped as Spark takes them."""

from __future__ import annotations

from functools import reduce

from spark.storage.paths import AnyPath


def escape_glob(path: AnyPath) -> str:
    """Return a path in which Spark takes no character for a pattern."""
    return reduce(lambda text, special: text.replace(special, "\\" + special), "\\[]{}*?", str(path))


def quoted(name: str) -> str:
    """Return a column's name in backticks, whatever characters it holds."""
    return "`" + name.replace("`", "``") + "`"
