"""Conversion of windows of tokens to binary values that Spark can group and join by."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from filters.ragged import ragged_from_strings


def as_binary(windows: NDArray[np.int32]) -> pa.Array:
    """Return windows of shape (rows, tokens) as binary values, one per row."""
    number, length = windows.shape
    offsets = np.arange(number + 1, dtype=np.int32) * (length * windows.itemsize)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(windows))]
    return pa.Array.from_buffers(pa.binary(), number, buffers)


def from_binary(column: pa.ChunkedArray, length: int) -> NDArray[np.int32]:
    """Return the windows from the binary values of `as_binary`: int32, shape (rows, length)."""
    pieces = [ragged_from_strings(chunk).values.view(np.int32) for chunk in column.chunks]
    return np.concatenate([np.empty(0, np.int32), *pieces]).reshape(-1, length)
