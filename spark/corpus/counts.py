"""Sums of many counts over tasks. Tasks exchange arrays of counts: one row per count would take Java longer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

COUNTS = "chunk long, counts binary"
CHUNK = 1 << 16  # counts per array, half a megabyte


def in_chunks(counts: NDArray[np.int64]) -> Iterator[pa.RecordBatch]:
    """Yield one row of `COUNTS` per chunk of the counts, for chunks with a count above 0."""
    for start in range(0, len(counts), CHUNK):
        chunk = counts[start : start + CHUNK]
        if chunk.any():
            yield pa.RecordBatch.from_pydict({"chunk": [start // CHUNK], "counts": [chunk.tobytes()]})


def add_up_counts(frame: DataFrame, number: int) -> NDArray[np.int64]:
    """Return the sums of the counts of all tasks: int64, shape (number,); frame: rows of `in_chunks`."""

    def add_up(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        sums: dict[int, NDArray[np.int64]] = {}
        for batch in batches:
            for chunk, counts in zip(batch["chunk"].to_pylist(), batch["counts"], strict=True):
                added = np.frombuffer(counts.as_buffer(), np.int64)
                sums[chunk] = sums[chunk] + added if chunk in sums else added
        for chunk, counts in sums.items():
            yield pa.RecordBatch.from_pydict({"chunk": [chunk], "counts": [counts.tobytes()]})

    total = np.zeros(number, np.int64)
    for chunk, counts in frame.repartition("chunk").mapInArrow(add_up, COUNTS).collect():
        total[chunk * CHUNK : (chunk + 1) * CHUNK] = np.frombuffer(counts, np.int64)
    return total
