"""Shares of rows, and whether two of them differ by more than chance."""

from __future__ import annotations

import math
from typing import NamedTuple

# Of a standard normal distribution: the two-sided bounds of 95% and 99%.
Z_95, Z_99 = 1.959964, 2.575829


class Share(NamedTuple):
    """The rows of a kind among `of` rows, above 0."""

    rows: int
    of: int

    @property
    def value(self) -> float:
        """The share, 0 to 1."""
        return self.rows / self.of

    def __str__(self) -> str:
        return f"{self.value:.1%}"


def wilson_interval(share: Share, z: float = Z_95) -> tuple[float, float]:
    """Return Wilson's score interval of a share (Wilson 1927)."""
    center = share.value + z * z / (2 * share.of)
    spread = z * math.sqrt(share.value * (1 - share.value) / share.of + z * z / (4 * share.of**2))
    scale = 1 + z * z / share.of
    return max(0.0, (center - spread) / scale), min(1.0, (center + spread) / scale)


def difference_interval(first: Share, second: Share, z: float = Z_99) -> tuple[float, float]:
    """Return Newcombe's interval of the first share less the second, of independent rows (Newcombe 1998, method 10).

    If both shares are of the same rows, as of one table and two models, the interval is wider than it had to be.
    """
    (first_low, first_high), (second_low, second_high) = (wilson_interval(each, z) for each in (first, second))
    difference = first.value - second.value
    low = math.hypot(first.value - first_low, second_high - second.value)
    high = math.hypot(first_high - first.value, second.value - second_low)
    return difference - low, difference + high


def is_beyond_chance(first: Share, second: Share) -> bool:
    """Return whether two shares differ: the 99% interval of their difference excludes 0."""
    low, high = difference_interval(first, second)
    return low > 0 or high < 0
