"""Compute Levenshtein distances of pairs of texts, up to a bound."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Texts: TypeAlias = Sequence[str] | NDArray[np.object_]


def edit_distances(one: Texts, other: Texts, below: int) -> NDArray[np.int64]:
    """Return the Levenshtein distance, in characters, of each pair of texts; shape (pairs,).

    Distances of `below` or more are returned as `below`, which makes rapidfuzz fast. Raises ValueError if the two sides
    differ in length.
    """
    from rapidfuzz.distance import Levenshtein
    from rapidfuzz.process import cpdist

    if len(one) != len(other):
        raise ValueError(f"expected equally many texts on both sides, found {len(one)} and {len(other)}")
    if not len(one):
        return np.zeros(0, np.int64)
    # Above its cutoff, rapidfuzz returns the cutoff plus one.
    return cpdist(list(one), list(other), scorer=Levenshtein.distance, score_cutoff=below - 1, dtype=np.int64)
