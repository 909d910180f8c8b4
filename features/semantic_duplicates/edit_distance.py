"""Levenshtein distances of pairs of texts, as far as they are small."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Texts: TypeAlias = Sequence[str] | NDArray[np.object_]


def edit_distances(one: Texts, other: Texts, below: int) -> NDArray[np.int64]:
    """The Levenshtein distance, in characters, of each text of the one and that of the other; shape (pairs,).

    Distances of `below` and more are given as `below`, which is what makes this fast; by rapidfuzz.
    """
    from rapidfuzz.distance import Levenshtein
    from rapidfuzz.process import cpdist

    if len(one) != len(other):
        raise ValueError(f"expected as many texts on either side, found {len(one)} and {len(other)}")
    if not len(one):
        return np.zeros(0, np.int64)
    # Beyond its cutoff rapidfuzz gives the cutoff and one.
    return cpdist(list(one), list(other), scorer=Levenshtein.distance, score_cutoff=below - 1, dtype=np.int64)
