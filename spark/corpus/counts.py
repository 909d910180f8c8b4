"""Many counts, combined over tasks. Tasks exchange arrays of counts: one row per count would take Java longer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

COUNTS = "chunk long, counts binary"
CHUNK = 1 << 16  # counts per array, half a megabyte
Combine = Callable[[NDArray[Any], NDArray[Any]], NDArray[Any]]


def in_chunks(counts: NDArray[Any]) -> Iterator[pa.RecordBatch]:
    """Yield one row of `COUNTS` per chunk of the counts, for chunks with a count above 0."""
    for start in range(0, len(counts), CHUNK):
        chunk = counts[start : start + CHUNK]
        if chunk.any():
            yield pa.RecordBatch.from_pydict({"chunk": [start // CHUNK], "counts": [chunk.tobytes()]})


def add_up_counts(frame: DataFrame, number: int) -> NDArray[np.int64]:
    """Return the sums of the counts of all tasks: int64, shape (number,); frame: rows of `in_chunks`."""
    return combine_counts(frame, np.zeros(number, np.int64), np.add)


def combine_counts(frame: DataFrame, nothing: NDArray[Any], combine: Combine) -> NDArray[Any]:
    """Return the counts of all tasks, combined; frame: rows of `in_chunks`.

    nothing: the counts of no task, all 0; counts lie along its first axis. combine: of two arrays of counts, in any
        order.
    """
    shape, dtype = (-1, *nothing.shape[1:]), nothing.dtype

    def as_counts(content: Any) -> NDArray[Any]:
        return np.frombuffer(content, dtype).reshape(shape)

    def combine_chunks(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        found: dict[int, NDArray[Any]] = {}
        for batch in batches:
            for chunk, counts in zip(batch["chunk"].to_pylist(), batch["counts"], strict=True):
                added = as_counts(counts.as_buffer())
                found[chunk] = combine(found[chunk], added) if chunk in found else added
        for chunk, counts in found.items():
            yield pa.RecordBatch.from_pydict({"chunk": [chunk], "counts": [counts.tobytes()]})

    total = nothing.copy()
    for chunk, counts in frame.repartition("chunk").mapInArrow(combine_chunks, COUNTS).collect():
        total[chunk * CHUNK : (chunk + 1) * CHUNK] = as_counts(counts)
    return total
