"""Ragged arrays from Python lists and back; an assertion that metrics do not depend on the batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from filters.contract import Filter, RaggedArray, Sequences


def token_rows(rows: Sequence[Sequence[int]]) -> RaggedArray:
    values = np.array([value for row in rows for value in row], np.int32)
    return RaggedArray(values, np.cumsum([0, *map(len, rows)], dtype=np.int64))


def byte_rows(rows: Sequence[bytes]) -> RaggedArray:
    values = np.frombuffer(b"".join(rows), np.uint8)
    return RaggedArray(values, np.cumsum([0, *map(len, rows)], dtype=np.int64))


def text_rows(rows: Sequence[str]) -> RaggedArray:
    return byte_rows([row.encode() for row in rows])


def as_lists(rows: RaggedArray) -> list[list[Any]]:
    return [part.tolist() for part in np.split(rows.values, rows.offsets[1:-1])] if len(rows.offsets) > 1 else []


def as_bytes(rows: RaggedArray) -> list[bytes]:
    return [bytes(row) for row in as_lists(rows)]


def as_texts(rows: RaggedArray) -> list[str]:
    return [row.decode() for row in as_bytes(rows)]


def measured(one: Filter, sequences: Sequences) -> dict[str, list[Any]]:
    """Return the columns of the filter as Python values; assert that they have the declared types."""
    assert one.measure is not None
    arrays = one.measure(sequences)
    assert [array.type for array in arrays] == [column.type for column in one.columns]
    for array in arrays:
        assert isinstance(array, pa.Array)
        array.validate(full=True)
    return {column.name: array.to_pylist() for column, array in zip(one.columns, arrays, strict=True)}


def assert_independent_of_batching(one: Filter, make: Callable[[list[Any]], Sequences], rows: list[Any]) -> None:
    """Assert that single rows, another order, and slices give the same values as all rows together."""
    whole = measured(one, make(rows))
    order = np.random.default_rng(7).permutation(len(rows)).tolist()
    shuffled = measured(one, make([rows[i] for i in order]))
    third = len(rows) // 3
    pieces = [measured(one, make(part)) for part in (rows[:third], rows[third:])]
    singles = [measured(one, make([row])) for row in rows]
    for name, values in whole.items():
        assert len(values) == len(rows)
        assert shuffled[name] == [values[i] for i in order]
        assert pieces[0][name] + pieces[1][name] == values
        assert [single[name][0] for single in singles] == values
