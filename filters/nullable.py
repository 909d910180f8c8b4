"""From NumPy's way to say that a number is not known to Arrow's."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


def null_where_unknown(values: NDArray[np.float64]) -> pa.Array:
    """The values as an Arrow array that is null where they are NaN."""
    return pa.array(values, pa.float64(), mask=np.isnan(values))
