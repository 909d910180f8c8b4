"""k-means over embeddings, and what of each cluster is nearly the same."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.semantic_duplicates.similarity import Embeddings, similar_pairs

ITERATIONS = 20  # after which the centroids of text embeddings hardly move
# faiss warns below 39 points a centroid; more than 256 do not make the centroids better, by its own default.
FEWEST_POINTS, MOST_POINTS = 39, 256
SEED = 20_231_109
ROWS_AT_ONCE = 16_384  # assigned to clusters


class Before(NamedTuple):
    """The position of an earlier embedding for each, int64, -1 for none; and their similarity, float64, NaN for none.

    Both of shape (rows,).
    """

    positions: NDArray[np.int64]
    similarities: NDArray[np.float64]


def train_centroids(embeddings: Embeddings, clusters: int, seed: int = SEED) -> Embeddings:
    """The centroids of spherical k-means, float32, shape (clusters, dimensions), each of length 1.

    The same for the same embeddings in the same order; by faiss. Raises ValueError for fewer embeddings than clusters.
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
    """The cluster of each embedding, that of the most similar centroid, and its similarity with it; shape (rows,)."""
    clusters = np.empty(len(embeddings), np.int32)
    similarities = np.empty(len(embeddings), np.float32)
    for start in range(0, len(embeddings), ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        products = embeddings[rows] @ centroids.T
        clusters[rows] = products.argmax(axis=1)
        similarities[rows] = products.max(axis=1)
    return clusters, similarities


def most_similar_before(embeddings: Embeddings, threshold: float) -> Before:
    """For each embedding of a cluster the most similar of those before it, of equally similar ones the first.

    Semantic deduplication (Abbas et al. 2023, SemDeDup, arXiv:2303.09540) keeps, in the order of a cluster, what is
    similar to nothing before it.
    """
    positions, similarities = np.full(len(embeddings), -1), np.full(len(embeddings), np.nan)
    for pairs in similar_pairs(embeddings, embeddings, threshold):
        is_before = pairs.rows < pairs.queries
        rows, before, found = pairs.queries[is_before], pairs.rows[is_before], pairs.similarities[is_before]
        order = np.lexsort((before, -found, rows))
        rows, first = np.unique(rows[order], return_index=True)
        before, found = before[order][first], found[order][first]
        # Blocks come in the order of their rows: of equally similar ones those of an earlier block stay.
        is_better = np.isnan(similarities[rows]) | (found > similarities[rows])
        positions[rows[is_better]], similarities[rows[is_better]] = before[is_better], found[is_better]
    return Before(positions, similarities)
