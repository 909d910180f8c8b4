"""Hash keys of hash tables, such that no input is slow: neither regular input nor input made to collide."""

from __future__ import annotations

import secrets

import numpy as np

from filters.compiled import compiled

EVERY_BIT = 2**64 - 1


def draw_seed() -> np.uint64:
    """Return 64 random bits, to be hashed with every key of one table.

    If the seed were known, rows could be prepared whose keys all fall into the same few slots, and a row of 1 MB would
    take minutes. Tables compare the keys themselves, so that no result depends on the seed.
    """
    return np.uint64(secrets.randbits(64))


@compiled
def mix(x: np.uint64) -> np.uint64:
    """Return x with each bit depending on all of its bits, by a bijection.

    This is the finalizer of SplitMix64 (Steele et al. 2014), a variant of the one of MurmurHash3.
    """
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))
