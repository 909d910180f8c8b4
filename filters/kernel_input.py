"""The one form in which arrays reach the compiled kernels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from filters.contract import RaggedArray


def read_only(values: NDArray[np.generic], dtype: DTypeLike) -> NDArray[Any]:
    """A read-only, contiguous view of the values in that dtype; copied only where they are not that already.

    numba compiles a kernel anew for writeable and for read-only arrays, and Arrow's buffers are read-only
    where NumPy's are not: with one form for both, a kernel is compiled once.
    """
    view = np.ascontiguousarray(values, dtype).view()
    view.flags.writeable = False
    return view


def read_only_rows(rows: RaggedArray, dtype: DTypeLike) -> RaggedArray:
    """The rows with `read_only` values of that dtype and `read_only` int64 offsets."""
    return RaggedArray(read_only(rows.values, dtype), read_only(rows.offsets, np.int64))
