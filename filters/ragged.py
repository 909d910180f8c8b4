"""View Arrow list and string columns as ragged NumPy arrays, and back, without copying values."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from filters.contract import RaggedArray


def ragged_from_lists(column: pa.ListArray) -> RaggedArray:
    """Return the rows of an Arrow list column of numbers, sliced or not; raise ValueError if it has nulls."""
    values = column.flatten()  # unlike `values`, those of the slice alone
    if column.null_count or values.null_count:
        raise ValueError("expected a list column without nulls, found some; drop those rows first")
    offsets = np.asarray(column.offsets).astype(np.int64)
    return RaggedArray(np.asarray(values), offsets - offsets[0])


def ragged_from_strings(column: pa.StringArray) -> RaggedArray:
    """Return the UTF-8 bytes (uint8) of an Arrow string column, sliced or not; raise ValueError if it has nulls."""
    if column.null_count:
        raise ValueError("expected a string column without nulls, found some; drop those rows first")
    _, offset_buffer, data_buffer = column.buffers()
    offsets = np.zeros(1, np.int64)
    if len(column):
        all_offsets = np.frombuffer(offset_buffer, np.int32)
        offsets = all_offsets[column.offset : column.offset + len(column) + 1].astype(np.int64)
    data = np.frombuffer(data_buffer or b"", np.uint8)
    return RaggedArray(data[offsets[0] : offsets[-1]], offsets - offsets[0])


def take_rows(rows: RaggedArray, taken: NDArray[np.int64]) -> RaggedArray:
    """Return the rows at these positions, in ascending order; return `rows` itself if all are taken."""
    if len(taken) == len(rows.offsets) - 1:
        return rows
    lengths = np.diff(rows.offsets)
    offsets = np.concatenate(([0], np.cumsum(lengths[taken])))
    is_taken = np.zeros(len(lengths), np.bool_)
    is_taken[taken] = True
    return RaggedArray(rows.values[np.repeat(is_taken, lengths)], offsets)


def strings_from_ragged(rows: RaggedArray) -> pa.StringArray:
    """Return an Arrow string column over uint8 rows of valid UTF-8."""
    _, offsets = arrow_offsets(rows.offsets).buffers()
    return pa.StringArray.from_buffers(len(rows.offsets) - 1, offsets, pa.py_buffer(rows.values))


def lists_from_ragged(rows: RaggedArray) -> pa.ListArray:
    """Return an Arrow list column of the rows."""
    return pa.ListArray.from_arrays(arrow_offsets(rows.offsets), pa.array(rows.values))


def arrow_offsets(offsets: NDArray[np.int64]) -> pa.Int32Array:
    """Return the offsets as Arrow's int32; raise OverflowError if they do not fit."""
    if offsets[-1] > np.iinfo(np.int32).max:
        raise OverflowError(f"expected at most 2 GiB in one batch, found {offsets[-1]} values; use smaller batches")
    return pa.array(offsets.astype(np.int32))
