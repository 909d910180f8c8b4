"""Null where a value is unknown."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


def null_where_unknown(values: NDArray[np.float64]) -> pa.Array:
    """Return the values as an Arrow array that is null where they are NaN."""
    return pa.array(values, pa.float64(), mask=np.isnan(values))


def spread(values: pa.Array, is_known: NDArray[np.bool_]) -> pa.Array:
    """Return one value per row: the next of `values` where `is_known` is true, else null; shape (rows,)."""
    return values.take(pa.array(np.cumsum(is_known) - 1, mask=~is_known))
