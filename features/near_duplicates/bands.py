"""How a MinHash signature is cut into bands, so that few pairs at the threshold are missed and few others found."""

from __future__ import annotations

import math
from typing import NamedTuple

JACCARD_THRESHOLD = 0.8  # as in Lee et al. 2022, "Deduplicating Training Data ..."
NGRAM_TOKENS = 5  # of a shingle, as there
EXPECTED_RECALL = 0.99  # of the pairs whose similarity is exactly the threshold; more similar ones are found oftener
MOST_HASHES = 128  # in a signature, which bounds what one costs; as many as datasketch's MinHash has by default


class Bands(NamedTuple):
    """A signature of `bands * rows` MinHashes: two sequences that agree in all rows of a band become a candidate pair.

    That happens to a pair of Jaccard similarity s with probability 1 - (1 - s^rows)^bands (Leskovec, Rajaraman and
    Ullman, "Mining of Massive Datasets", section 3.4.2), since two sets agree in one MinHash with probability s
    (Broder 1997, "On the resemblance and containment of documents").
    """

    bands: int
    rows: int

    def recall(self, similarity: float) -> float:
        """The probability that a pair of this similarity, in [0, 1], becomes a candidate pair."""
        return float(1.0 - (1.0 - similarity**self.rows) ** self.bands)


def choose_bands(threshold: float) -> Bands:
    """The bands for a threshold of the Jaccard similarity: 16 of 6 rows for 0.8.

    Of all that find a pair at the threshold with a probability of at least EXPECTED_RECALL and take at most
    MOST_HASHES, those with the most rows, which let the fewest dissimilar pairs through; of these the fewest bands.
    Raises ValueError where the threshold is not in (0, 1], or so small (under 0.036) that no bands do.
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
    """How many bands it takes, each of which finds a pair with this probability; infinite where it is 0."""
    if agreement == 1.0:
        return 1
    one_fails = math.log1p(-agreement)
    return math.ceil(math.log(1.0 - EXPECTED_RECALL) / one_fails) if one_fails < 0.0 else math.inf
