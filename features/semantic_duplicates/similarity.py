"""Pairs of embeddings whose cosine similarity reaches a threshold: exactly, in blocks of bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Embeddings = NDArray[np.float32]
Rows = NDArray[np.int64]

# Similarities are compared with a threshold as rounded to so many decimals: embeddings are known to some 1e-7, and
# a product of 0.8 or 0.9 may come out just below it.
DECIMALS = 6
BLOCK_QUERIES, BLOCK_ROWS = 1_024, 4_096  # of a product: 16 MiB of float32
PAIRS_AT_ONCE = 8_192  # whose embeddings are gathered in float64: some 50 MB of 384 dimensions


class Pairs(NamedTuple):
    """Pairs of a query and a row of the corpus, by their positions: int64, and their similarity, float64."""

    queries: Rows
    rows: Rows
    similarities: NDArray[np.float64]


def similar_pairs(queries: Embeddings, corpus: Embeddings, threshold: float) -> Iterator[Pairs]:
    """All pairs whose cosine similarity is at least `threshold`, block by block.

    queries, corpus: of length 1, shapes (queries, dimensions) and (rows, dimensions).
    Which pairs are found depends on nothing but the two embeddings of each: products in float32, which change with the
    shape of a block and the number of threads, only choose the pairs whose similarity is worked out.
    """
    for first_query in range(0, len(queries), BLOCK_QUERIES):
        for first_row in range(0, len(corpus), BLOCK_ROWS):
            some = queries[first_query : first_query + BLOCK_QUERIES]
            products = some @ corpus[first_row : first_row + BLOCK_ROWS].T
            near_queries, near_rows = np.nonzero(products >= lowest_product(threshold, queries.shape[1]))
            yield verified_pairs(queries, corpus, near_queries + first_query, near_rows + first_row, threshold)


def lowest_product(threshold: float, dimensions: int) -> np.float32:
    """What the float32 product of two vectors of length 1 can be where their similarity, rounded, is the threshold.

    Adding up n products in any order is off by at most n·2^-24 times the sum of their sizes, which is at most 1
    (Higham 2002, Accuracy and Stability of Numerical Algorithms, section 3.1); twice that leaves room for lengths that
    are not quite 1.
    """
    return np.float32(threshold - dimensions * 2.0**-23 - 10.0**-DECIMALS)


def verified_pairs(queries: Embeddings, corpus: Embeddings, of: Rows, to: Rows, threshold: float) -> Pairs:
    """Those of the pairs (of[i], to[i]) whose similarity is at least the threshold."""
    starts = range(0, len(of), PAIRS_AT_ONCE)
    slices = [slice(start, start + PAIRS_AT_ONCE) for start in starts]
    found = [cosine_similarities(queries[of[part]], corpus[to[part]]) for part in slices]
    similarities = np.concatenate(found) if found else np.zeros(0)
    kept = similarities >= threshold
    return Pairs(of[kept], to[kept], similarities[kept])


def cosine_similarities(one: Embeddings, other: Embeddings) -> NDArray[np.float64]:
    """The similarity of each row of the one with that of the other, both of length 1, to `DECIMALS` decimals.

    In float64, where the order of adding up makes a difference of 1e-16 at most.
    """
    return np.round((one.astype(np.float64) * other).sum(axis=1), DECIMALS)
