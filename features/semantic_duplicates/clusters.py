"""k-means over embeddings, and what of each cluster is nearly the same."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from features.semantic_duplicates.similarity import Embeddings, similar_pairs

ITERATIONS = 20  # after which the centroids of text embeddings hardly move
# faiss warns below 39 points a centroid; more than 256 do not make the centroids better, by its own default.
FEWEST_POINTS, MOST_POINTS = 39, 256
SEED = 20_231_109
ROWS_AT_ONCE = 16_384  # assigned to clusters


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


def smallest_similar(embeddings: Embeddings, ids: NDArray[np.int64], threshold: float) -> NDArray[np.int64]:
    """For each embedding of a cluster the smallest id of those that are similar to it, itself among them.

    Semantic deduplication (Abbas et al. 2023, SemDeDup, arXiv:2303.09540) keeps, in the order of a cluster, what is
    similar to nothing before it; the order here is that of the ids: kept is what is its own smallest.
    """
    smallest = ids.copy()
    for pairs in similar_pairs(embeddings, embeddings, threshold):
        np.minimum.at(smallest, pairs.queries, ids[pairs.rows])
    return smallest
