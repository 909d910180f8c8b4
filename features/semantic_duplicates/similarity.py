"""Find pairs of embeddings whose cosine similarity reaches a threshold: exactly, in blocks of bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Embeddings = NDArray[np.float32]
Rows = NDArray[np.int64]

# Similarities are rounded to this many decimals before they are compared with a threshold. Embeddings are exact to
# about 1e-7, so a similarity of 0.8 or 0.9 may come out just below it.
DECIMALS = 6
BLOCK_QUERIES, BLOCK_ROWS = 1_024, 4_096  # of one product: 16 MiB of float32
PAIRS_AT_ONCE = 8_192  # pairs gathered in float64 at once: about 50 MB for 384 dimensions


class Pairs(NamedTuple):
    """Pairs of a query and a corpus row: positions, int64, and similarity, float64."""

    queries: Rows
    rows: Rows
    similarities: NDArray[np.float64]


def similar_pairs(
    queries: Embeddings,
    corpus: Embeddings,
    threshold: float,
    *,
    block_queries: int = BLOCK_QUERIES,
    block_rows: int = BLOCK_ROWS,
    pairs_at_once: int = PAIRS_AT_ONCE,
) -> Iterator[Pairs]:
    """Yield all pairs whose cosine similarity is at least `threshold`, block by block.

    queries, corpus: embeddings of length 1, shapes (queries, dimensions) and (rows, dimensions).
    The pairs found depend only on their two embeddings. Products in float32 vary with the block's shape and the number
    of threads; they only select the pairs whose similarity is then computed in float64.
    """
    for first_query in range(0, len(queries), block_queries):
        for first_row in range(0, len(corpus), block_rows):
            some = queries[first_query : first_query + block_queries]
            products = some @ corpus[first_row : first_row + block_rows].T
            near_queries, near_rows = np.nonzero(products >= lowest_product(threshold, queries.shape[1]))
            of, to = near_queries + first_query, near_rows + first_row
            yield verified_pairs(queries, corpus, of, to, threshold, pairs_at_once)


def lowest_product(threshold: float, dimensions: int) -> np.float32:
    """Return the lowest float32 product of two vectors of length 1 whose rounded similarity can be the threshold.

    Summing n products in any order errs by at most n·2^-24 times the sum of their absolute values, which is at most 1
    (Higham 2002, Accuracy and Stability of Numerical Algorithms, section 3.1). Twice that allows for lengths that are
    not exactly 1.
    """
    return np.float32(threshold - dimensions * 2.0**-23 - 10.0**-DECIMALS)


def verified_pairs(
    queries: Embeddings, corpus: Embeddings, of: Rows, to: Rows, threshold: float, pairs_at_once: int
) -> Pairs:
    """Return the pairs (of[i], to[i]) whose similarity is at least the threshold."""
    starts = range(0, len(of), pairs_at_once)
    slices = [slice(start, start + pairs_at_once) for start in starts]
    found = [cosine_similarities(queries[of[part]], corpus[to[part]]) for part in slices]
    similarities = np.concatenate(found) if found else np.zeros(0)
    kept = similarities >= threshold
    return Pairs(of[kept], to[kept], similarities[kept])


def cosine_similarities(one: Embeddings, other: Embeddings) -> NDArray[np.float64]:
    """Return the similarity of each pair of rows, both of length 1, rounded to `DECIMALS` decimals.

    Computed in float64, where the order of summation changes it by at most 1e-16.
    """
    return np.round((one.astype(np.float64) * other).sum(axis=1), DECIMALS)
