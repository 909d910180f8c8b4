"""Cluster embeddings by k-means, and find near-equal embeddings within a cluster."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.semantic_duplicates.similarity import BLOCK_QUERIES, BLOCK_ROWS, Embeddings, similar_pairs

ITERATIONS = 20  # after which the centroids of text embeddings hardly move
# faiss warns below 39 points per centroid, and by default uses at most 256, since more do not improve centroids.
FEWEST_POINTS, MOST_POINTS = 39, 256
SEED = 20_231_109
ROWS_AT_ONCE = 16_384  # assigned to clusters at once


class Before(NamedTuple):
    """For each row an earlier, similar row: its position, int64, -1 for none; and similarity, float64, NaN for none.

    Both of shape (rows,).
    """

    positions: NDArray[np.int64]
    similarities: NDArray[np.float64]


def train_centroids(embeddings: Embeddings, clusters: int, seed: int = SEED) -> Embeddings:
    """Return the centroids of spherical k-means, float32, shape (clusters, dimensions), each of length 1.

    Uses faiss. Deterministic for the same embeddings in the same order. Raises ValueError if there are fewer embeddings
    than clusters.
    """
    import faiss

    if not 1 <= clusters <= len(embeddings):
        raise ValueError(f"expected 1 to {len(embeddings)} clusters of {len(embeddings)} embeddings, found {clusters}")
    kmeans = faiss.Kmeans(
        embeddings.shape[1],
        clusters,
        niter=ITERATIONS,
        seed=seed,
        spherical=True,
        min_points_per_centroid=1,
        max_points_per_centroid=MOST_POINTS,
    )
    kmeans.train(np.ascontiguousarray(embeddings, np.float32))
    return np.asarray(kmeans.centroids, np.float32)


def assign_clusters(embeddings: Embeddings, centroids: Embeddings) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Return the cluster of each embedding, by the most similar centroid, and that similarity; shape (rows,)."""
    clusters = np.empty(len(embeddings), np.int32)
    similarities = np.empty(len(embeddings), np.float32)
    for start in range(0, len(embeddings), ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        products = embeddings[rows] @ centroids.T
        clusters[rows] = products.argmax(axis=1)
        similarities[rows] = products.max(axis=1)
    return clusters, similarities


def most_similar_before(
    embeddings: Embeddings, threshold: float, *, block_queries: int = BLOCK_QUERIES, block_rows: int = BLOCK_ROWS
) -> Before:
    """Return the most similar earlier embedding of each embedding of a cluster; the first on a tie.

    Semantic deduplication (Abbas et al. 2023, SemDeDup, arXiv:2303.09540) goes through a cluster in order and keeps
    embeddings without a similar one before them.
    """
    positions, similarities = np.full(len(embeddings), -1), np.full(len(embeddings), np.nan)
    blocks = similar_pairs(embeddings, embeddings, threshold, block_queries=block_queries, block_rows=block_rows)
    for pairs in blocks:
        is_before = pairs.rows < pairs.queries
        rows, before, found = pairs.queries[is_before], pairs.rows[is_before], pairs.similarities[is_before]
        order = np.lexsort((before, -found, rows))
        rows, first = np.unique(rows[order], return_index=True)
        before, found = before[order][first], found[order][first]
        # Blocks come in row order, so on a tie the earlier block's row stays.
        is_better = np.isnan(similarities[rows]) | (found > similarities[rows])
        positions[rows[is_better]], similarities[rows[is_better]] = before[is_better], found[is_better]
    return Before(positions, similarities)
