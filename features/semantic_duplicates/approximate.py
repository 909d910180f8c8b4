"""Approximate index over embeddings: a query is compared only with the rows of its nearest clusters.

An inverted file (Jégou, Douze and Schmid 2011, Product Quantization for Nearest Neighbor Search) of whole vectors.
Pairs within the searched clusters are found exactly; others are missed. faiss trains the clusters. Its own inverted
file searches query by query, and takes eight times as long as one product per cluster for all its queries.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from features.semantic_duplicates.clusters import assign_clusters
from features.semantic_duplicates.similarity import Embeddings, Pairs, similar_pairs

QUERIES_AT_ONCE = 4_096  # bounds their products with the centroids: 16 MB for 1,024 clusters


class ApproximateIndex:
    """Embeddings of length 1, grouped by cluster.

    corpus: shape (rows, dimensions). centroids: shape (clusters, dimensions), trained on the whole corpus.
    probes: number of nearest clusters that are searched for a query.
    """

    def __init__(self, corpus: Embeddings, centroids: Embeddings, probes: int) -> None:
        clusters, _ = assign_clusters(corpus, centroids)
        self._rows = np.argsort(clusters, kind="stable")
        self._corpus = corpus[self._rows]
        self._edges = np.searchsorted(clusters[self._rows], np.arange(len(centroids) + 1))
        self._centroids = centroids
        self._probes = probes

    def similar_pairs(self, queries: Embeddings, threshold: float) -> Iterator[Pairs]:
        """Yield the pairs that `similarity.similar_pairs` yields, except for those that are missed."""
        for start in range(0, len(queries), QUERIES_AT_ONCE):
            nearest = self._nearest_clusters(queries[start : start + QUERIES_AT_ONCE]).ravel()
            by_cluster = np.argsort(nearest, kind="stable")
            edges = np.searchsorted(nearest[by_cluster], np.arange(len(self._centroids) + 1))
            for cluster in range(len(self._centroids)):
                of = start + by_cluster[edges[cluster] : edges[cluster + 1]] // self._probes
                held = slice(self._edges[cluster], self._edges[cluster + 1])
                for pairs in similar_pairs(queries[of], self._corpus[held], threshold):
                    if len(pairs.queries):
                        yield Pairs(of[pairs.queries], self._rows[held][pairs.rows], pairs.similarities)

    def _nearest_clusters(self, queries: Embeddings) -> np.ndarray:
        """Return the nearest clusters of each query, unordered; shape (queries, probes)."""
        products = queries @ self._centroids.T
        return np.argpartition(products, -self._probes, axis=1)[:, -self._probes :]
