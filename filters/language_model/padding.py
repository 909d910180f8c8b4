"""Pad rows of different lengths to one rectangle, as a model takes them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from filters.contract import RaggedArray


def pad_rows(tokens: RaggedArray, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the padded token ids of some rows and where they are real; both of shape (rows, longest length).

    Padding follows the tokens. A causal model ignores later tokens, so no mask is needed.
    """
    lengths = tokens.offsets[rows + 1] - tokens.offsets[rows]
    real = np.arange(lengths.max()) < lengths[:, None]
    ids = np.zeros(real.shape, np.int64)
    ids[real] = tokens.values[places(tokens.offsets[rows], lengths)]
    return ids, real


def places(starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the positions of each slice, `start` to `start + length`, one slice after the other."""
    ends = np.cumsum(lengths)
    return np.arange(ends[-1]) + np.repeat(starts - (ends - lengths), lengths)
