"""From values a token to one value a sequence: means, means of the lowest, perplexities."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def row_means(values: NDArray[np.float64], offsets: NDArray[np.int64]) -> NDArray[np.float64]:
    """The mean of each row of `values`; NaN for a row without any; shape (rows,)."""
    lengths = np.diff(offsets)
    means = np.full(len(lengths), np.nan)
    several = lengths > 0
    if several.any():
        # Rows without values take no place, so that each sum ends where the next row with values begins.
        means[several] = np.add.reduceat(values, offsets[:-1][several]) / lengths[several]
    return means


def means_of_lowest(values: NDArray[np.float64], offsets: NDArray[np.int64], percent: float) -> NDArray[np.float64]:
    """The mean of the lowest `percent` of each row's values, of one at least; NaN for a row without any.

    Over log-likelihoods this is Min-K% (Shi et al. 2024, arXiv:2310.16789), over standardized ones Min-K%++.
    """
    lengths = np.diff(offsets)
    means = np.full(len(lengths), np.nan)
    for length in np.unique(lengths[lengths > 0]):
        rows = np.flatnonzero(lengths == length)
        taken = max(1, int(length * percent / 100))
        lowest = np.partition(values[offsets[rows, None] + np.arange(length)], taken - 1, axis=1)[:, :taken]
        means[rows] = lowest.mean(axis=1)
    return means


def perplexities(log_likelihood: NDArray[np.float64], offsets: NDArray[np.int64]) -> NDArray[np.float64]:
    """exp of each row's mean negative log-likelihood: from 1 on; NaN for a row without any; shape (rows,)."""
    return np.exp(-row_means(log_likelihood, offsets))
