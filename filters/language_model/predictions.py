"""What a model says of sequences, one value a token, and what is made of it, one value a sequence."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Predictions(NamedTuple):
    """What a model says of each token of some sequences but their first, given those before it.

    offsets: int64, shape (rows + 1,): what is said of row i is at `offsets[i]:offsets[i + 1]` of the others.
    log_likelihood, standardized, entropy: float64; see `filters.language_model.scoring.ScoredTokens`.
    first_choice: int64 token ids.
    """

    offsets: NDArray[np.int64]
    log_likelihood: NDArray[np.float64]
    standardized: NDArray[np.float64]
    entropy: NDArray[np.float64]
    first_choice: NDArray[np.int64]


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
