"""Sum over a row of logits in one pass over memory: reading it takes longer than computing."""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from filters.compiled import compiled
from filters.kernel_input import read_only

NUMBERS_A_CHUNK = 1 << 17  # 0.5 MB, which stays in a core's cache between its two readings
SCALE_BITS = 60
# exp of it times 2^SCALE_BITS is the smallest normal float32.
SMALLEST_GAP = np.float32(-(126 + SCALE_BITS) * math.log(2))
HALF, LOG2_OF_E = np.float32(0.5), np.float32(1 / math.log(2))
# log 2 in two parts; the first has so few digits that its product with a small integer is exact.
LOG_2_HIGH, LOG_2_LOW = np.float32(0.693359375), np.float32(math.log(2) - 0.693359375)
TAYLOR = tuple(np.float32(1 / math.factorial(power)) for power in range(8))
LANES = 32  # independent partial sums, as many as two vector registers hold


def add_up_gaps(
    logits: NDArray[np.float32], targets: NDArray[np.int64], numbers_a_chunk: int = NUMBERS_A_CHUNK
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64], NDArray[np.float64]]:
    """Return per row: the largest logit, the target's gap to it, its position; and three sums, shape (3, rows).

    The gap of a logit is its difference to the row's largest, at most 0. The sums, over all logits except the largest,
    are of exp(gap), gap * exp(gap) and gap² * exp(gap); weights below 1e-56 count as 0.
    logits: shape (rows, vocabulary size). targets: shape (rows,). numbers_a_chunk: logits to process at once.
    """
    number, size = logits.shape
    logits, targets = read_only(logits, np.float32), read_only(targets, np.int64)
    top, gap = np.empty((2, number), np.float32)
    first_choice = np.empty(number, np.int64)
    sums = np.empty((3, number))
    rows = max(1, numbers_a_chunk // size)
    for start in range(0, number, rows):
        here = slice(start, start + rows)
        first_choice[here] = logits[here].argmax(-1)  # the first on a tie; NaN counts as largest
        _add_up(logits[here], targets[here], first_choice[here], top[here], gap[here], sums[:, here])
    return top, gap, first_choice, sums


@compiled
def _add_up(
    logits: NDArray[np.float32],
    targets: NDArray[np.int64],
    first_choice: NDArray[np.int64],
    top: NDArray[np.float32],
    gap: NDArray[np.float32],
    sums: NDArray[np.float64],
) -> None:
    """Compute `add_up_gaps` into `top`, `gap` and `sums`."""
    for row in range(len(logits)):
        place = first_choice[row]
        top[row] = logits[row, place]
        gap[row] = logits[row, targets[row]] - top[row]
        before = _add_up_part(logits[row, :place], top[row])
        behind = _add_up_part(logits[row, place + 1 :], top[row])
        for which in range(3):
            sums[which, row] = (before[which] + behind[which]) / 2.0**SCALE_BITS


@njit
def _add_up_part(logits: NDArray[np.float32], top: np.float32) -> tuple[float, float, float]:
    """Return the three sums over part of a row, times 2^SCALE_BITS, so that small weights keep their digits."""
    # Fixed order of addition: if the compiler could choose, results would differ between versions.
    sums = np.zeros((3, LANES), np.float32)
    weights, weighted_gaps, weighted_squares = sums[0], sums[1], sums[2]
    whole = len(logits) - len(logits) % LANES
    for start in range(0, whole, LANES):
        for lane in range(LANES):
            gap = max(logits[start + lane] - top, SMALLEST_GAP)
            weight = _scaled_exp(gap) if gap > SMALLEST_GAP else np.float32(0)
            weighted_gap = weight * gap
            weights[lane] += weight
            weighted_gaps[lane] += weighted_gap
            weighted_squares[lane] += weighted_gap * gap
    for place in range(whole, len(logits)):
        gap = max(logits[place] - top, SMALLEST_GAP)
        weight = _scaled_exp(gap) if gap > SMALLEST_GAP else np.float32(0)
        weights[0] += weight
        weighted_gaps[0] += weight * gap
        weighted_squares[0] += weight * gap * gap
    return sums[0].sum(), sums[1].sum(), sums[2].sum()


@njit(inline="always")
def _scaled_exp(x: np.float32) -> np.float32:
    """Return exp(x) times 2^SCALE_BITS for x from SMALLEST_GAP to 0, within 1e-7 of it; can be vectorized.

    x is a multiple of log 2 plus a rest of at most log(2) / 2. exp of the rest is its Taylor series; the multiple is
    added to the exponent. The C library's exp takes one number at a time, which makes a row five times slower.
    """
    multiple = np.floor(x * LOG2_OF_E + HALF)
    rest = x - multiple * LOG_2_HIGH - multiple * LOG_2_LOW
    series = TAYLOR[7]
    series = series * rest + TAYLOR[6]
    series = series * rest + TAYLOR[5]
    series = series * rest + TAYLOR[4]
    series = series * rest + TAYLOR[3]
    series = series * rest + TAYLOR[2]
    series = series * rest + TAYLOR[1]
    series = series * rest + TAYLOR[0]
    exponent = np.int32(multiple) + np.int32(127 + SCALE_BITS)
    return series * np.int32(exponent << np.int32(23)).view(np.float32)
