"""Choose how to cut MinHash signatures into bands: high recall at the threshold, few false candidates."""

from __future__ import annotations

import math
from typing import NamedTuple

EXPECTED_RECALL = 0.99  # of the pairs exactly at the threshold; more similar pairs have a higher recall
MOST_HASHES = 128  # upper bound of a signature's length, and so of its cost; the default of datasketch's MinHash


class Bands(NamedTuple):
    """A signature of `bands * rows` MinHashes. Two sequences that agree in all rows of a band form a candidate pair.

    A pair of Jaccard similarity s does so with probability 1 - (1 - s^rows)^bands (Leskovec, Rajaraman and Ullman,
    "Mining of Massive Datasets", section 3.4.2), since two sets agree in one MinHash with probability s (Broder 1997,
    "On the resemblance and containment of documents").
    """

    bands: int
    rows: int

    def recall(self, similarity: float) -> float:
        """Return the probability that a pair of this similarity, in [0, 1], becomes a candidate pair."""
        return float(1.0 - (1.0 - similarity**self.rows) ** self.bands)


def choose_bands(threshold: float) -> Bands:
    """Return the bands for a threshold of the Jaccard similarity: 16 of 6 rows for 0.8.

    Bands must find a pair at the threshold with probability EXPECTED_RECALL or more, with at most MOST_HASHES hashes.
    Of these, the choice has the most rows, which gives the fewest false candidates, then the fewest bands. Raises
    ValueError if the threshold is not in (0, 1], or is too small (under 0.036) for MOST_HASHES.
    """
    if not 0.0 < threshold <= 1.0:
        raise ValueError(f"expected a threshold above 0 and at most 1, found {threshold}")
    for rows in range(MOST_HASHES, 0, -1):
        bands = _fewest_bands(threshold**rows)
        if bands * rows <= MOST_HASHES:
            return Bands(int(bands), rows)
    raise ValueError(
        f"expected a threshold at which {MOST_HASHES} hashes find {EXPECTED_RECALL:.0%} of the pairs, found {threshold}"
    )


def _fewest_bands(agreement: float) -> float:
    """Return how many bands are needed if each finds a pair with this probability; infinite if it is 0."""
    if agreement == 1.0:
        return 1
    one_fails = math.log1p(-agreement)
    return math.ceil(math.log(1.0 - EXPECTED_RECALL) / one_fails) if one_fails < 0.0 else math.inf
