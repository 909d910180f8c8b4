"""Convert NaN to null."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


def null_where_unknown(values: NDArray[np.float64]) -> pa.Array:
    """Return the values as an Arrow array that is null where they are NaN."""
    return pa.array(values, pa.float64(), mask=np.isnan(values))
