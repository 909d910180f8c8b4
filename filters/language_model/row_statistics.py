"""Reduce values per token to one value per sequence: means, means of the lowest, perplexities."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray


def row_means(values: NDArray[np.float64], offsets: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the mean of each row of `values`; NaN for an empty row; shape (rows,)."""
    lengths = np.diff(offsets)
    means = np.full(len(lengths), np.nan)
    nonempty = lengths > 0
    if nonempty.any():
        # Empty rows are left out, so each sum ends where the next non-empty row begins.
        means[nonempty] = np.add.reduceat(values, offsets[:-1][nonempty]) / lengths[nonempty]
    return means


def means_of_lowest(values: NDArray[np.float64], offsets: NDArray[np.int64], percent: float) -> NDArray[np.float64]:
    """Return the mean of the lowest `percent` of each row's values, at least one; NaN for an empty row.

    The number of values is rounded down. For log-likelihoods this is Min-K% (Shi et al. 2024, arXiv:2310.16789), for
    standardized ones Min-K%++.
    """
    # The percentage as it is written, not the binary number nearest to it: 4.6% of 1,500 is 69, not 68.99999999999999.
    share = Fraction(str(percent)) / 100
    lengths = np.diff(offsets)
    means = np.full(len(lengths), np.nan)
    for length in np.unique(lengths[lengths > 0]):
        rows = np.flatnonzero(lengths == length)
        taken = max(1, int(int(length) * share))
        lowest = np.partition(values[offsets[rows, None] + np.arange(length)], taken - 1, axis=1)[:, :taken]
        means[rows] = lowest.mean(axis=1)
    return means


def perplexities(log_likelihood: NDArray[np.float64], offsets: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return exp of each row's mean negative log-likelihood, at least 1; NaN for an empty row; shape (rows,)."""
    return np.exp(-row_means(log_likelihood, offsets))
