"""Blocks of candidate pairs in Spark tasks: built from buckets, and read back whole."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from features.near_duplicates.buckets import blocks_of_buckets
from filters.ragged import lists_from_ragged

BLOCK = ("bucket", "left_first", "right_first")  # the key of a block: its bucket and the first member of each side


def blocks_of_parts(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Yield the blocks of the buckets of each part; the rows of a part must be consecutive."""
    for values in _values_of_parts(batches):
        memberships = np.frombuffer(b"".join(values), np.int64).reshape(-1, 2)
        for blocks in blocks_of_buckets(memberships[:, 0], memberships[:, 1]):
            columns = [pa.array(blocks.buckets), lists_from_ragged(blocks.members), pa.array(blocks.left_sizes)]
            yield pa.RecordBatch.from_arrays(columns, ["bucket", "members", "left_size"])


def _values_of_parts(batches: Iterator[pa.RecordBatch]) -> Iterator[list[bytes]]:
    """Yield all packed values of one part at a time."""
    values: list[bytes] = []
    current = None
    for batch in batches:
        for part, value in zip(batch["part"].to_pylist(), batch["packed"].to_pylist(), strict=True):
            if part != current and values:
                yield values
                values = []
            current = part
            values.append(value)
    if values:
        yield values


def whole_blocks(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Yield the same rows in batches that end with the last row of a block."""
    rest: list[pa.RecordBatch] = []
    for batch in batches:
        rows = pa.Table.from_batches([*rest, batch]).combine_chunks().to_batches()
        if not rows:
            continue
        last = block_starts(rows[0])[-1]
        if last > 0:
            yield rows[0].slice(0, last)
        rest = [rows[0].slice(last)]
    yield from rest


def block_starts(rows: pa.RecordBatch) -> NDArray[np.int64]:
    """Return the position of the first row of each block, int64, shape (blocks,)."""
    keys = np.column_stack([np.asarray(rows[name]) for name in BLOCK])
    return np.flatnonzero(np.concatenate([[True], (keys[1:] != keys[:-1]).any(axis=1)]))
