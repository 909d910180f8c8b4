"""Convert arrays to the one form that the compiled kernels take."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from filters.contract import RaggedArray


def read_only(values: NDArray[np.generic], dtype: DTypeLike) -> NDArray[Any]:
    """Return a read-only, contiguous view of the values in the dtype; copy only if needed.

    numba compiles a kernel separately for writeable and read-only arrays. Arrow's buffers are read-only, NumPy's are
    not; with one form for both, each kernel is compiled once.
    """
    view = np.ascontiguousarray(values, dtype).view()
    view.flags.writeable = False
    return view


def read_only_rows(rows: RaggedArray, dtype: DTypeLike) -> RaggedArray:
    """Return the rows with `read_only` values of the dtype and `read_only` int64 offsets."""
    return RaggedArray(read_only(rows.values, dtype), read_only(rows.offsets, np.int64))
