"""Windows of tokens, and their conversion to binary values that Spark can group and join by."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from filters.ragged import ragged_from_strings


class Window(NamedTuple):
    """A range of token positions in a sequence, from `start` to before `stop`."""

    start: int
    stop: int

    @property
    def length(self) -> int:
        """Number of tokens in the window."""
        return self.stop - self.start


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
