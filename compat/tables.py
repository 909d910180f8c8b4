"""Comparison of the tables of two runs: their names, columns, types, rows and values. The order of rows is ignored."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from utils import printable

KINDS = ("metrics", "rejected")


def tables_of(run_directory: Path) -> dict[str, pa.Table]:
    """Return the tables of a run by their path in it; rows are sorted by sequence_id, then by all values."""
    files = [file for kind in KINDS for file in sorted((run_directory / kind).rglob("*.parquet"))]
    parts: dict[str, list[pa.Table]] = {}
    for file in files:
        parts.setdefault(str(file.parent.relative_to(run_directory)), []).append(pq.ParquetFile(file).read())
    return {path: in_order(pa.concat_tables(tables)) for path, tables in parts.items()}


def in_order(table: pa.Table) -> pa.Table:
    """Return the table with its rows in an order that depends only on their values."""
    rows = table.to_pylist()
    order = sorted(range(len(rows)), key=lambda number: (repr(rows[number].get("sequence_id")), repr(rows[number])))
    return table.take(pa.array(order, pa.int64()))


def first_difference(expected: dict[str, pa.Table], found: dict[str, pa.Table]) -> str | None:
    """Return the first difference between the tables of two runs; None if they are equal to the last bit."""
    if expected.keys() != found.keys():
        return f"only one of the two runs has {', '.join(sorted(expected.keys() ^ found.keys()))}"
    for path, table in expected.items():
        other = found[path]
        if table.schema != other.schema:
            names = [name for name in table.column_names if _type(table, name) != _type(other, name)]
            return f"{path}: different columns or types: {', '.join(map(printable, names or other.column_names))}"
        if len(table) != len(other):
            return f"{path}: {len(table)} rows and {len(other)} rows"
        difference = _first_row(table.to_pylist(), other.to_pylist())
        if difference is not None:
            return f"{path}: {difference}"
    return None


def _type(table: pa.Table, name: str) -> pa.DataType | None:
    return table.schema.field(name).type if name in table.column_names else None


def _first_row(expected: list[dict[str, Any]], found: list[dict[str, Any]]) -> str | None:
    """Return the first row and column that differ. Values are compared as text: NaN equals NaN, -0.0 is not 0.0."""
    for row, other in zip(expected, found, strict=True):
        for name, value in row.items():
            if repr(value) != repr(other[name]):
                values = " and ".join(printable(repr(each))[:200] for each in (value, other[name]))
                return f"sequence_id {row.get('sequence_id')}, {printable(name)}: {values}"
    return None
