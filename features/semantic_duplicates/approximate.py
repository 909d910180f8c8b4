"""An approximate index over embeddings: a query is compared with the clusters that are nearest to it, not with all.

An inverted file (Jégou, Douze and Schmid 2011, Product Quantization for Nearest Neighbor Search) of whole vectors, by
faiss: what it finds is found exactly, what lies in other clusters is missed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from features.semantic_duplicates.similarity import Embeddings, Pairs, lowest_product, verified_pairs

QUERIES_AT_ONCE = 256  # bounds what one search gives back


class ApproximateIndex:
    """Embeddings of length 1 by their clusters.

    corpus: shape (rows, dimensions). centroids: shape (clusters, dimensions), trained on the whole corpus.
    probes: in how many clusters a query is looked up.
    """

    def __init__(self, corpus: Embeddings, centroids: Embeddings, probes: int) -> None:
        import faiss

        dimensions = centroids.shape[1]
        quantizer = faiss.IndexFlatIP(dimensions)
        quantizer.add(np.ascontiguousarray(centroids))
        self._corpus = corpus
        self._index: Any = faiss.IndexIVFFlat(quantizer, dimensions, len(centroids), faiss.METRIC_INNER_PRODUCT)
        self._index.nprobe = probes
        self._index.add(np.ascontiguousarray(corpus))

    def similar_pairs(self, queries: Embeddings, threshold: float) -> Iterator[Pairs]:
        """The pairs that `similar_pairs` gives, but for those that are missed."""
        bound = float(lowest_product(threshold, queries.shape[1]))
        for start in range(0, len(queries), QUERIES_AT_ONCE):
            some = np.ascontiguousarray(queries[start : start + QUERIES_AT_ONCE])
            limits, _, rows = self._index.range_search(some, bound)
            of = np.repeat(np.arange(start, start + len(some)), np.diff(limits.astype(np.int64)))
            yield verified_pairs(queries, self._corpus, of, rows.astype(np.int64), threshold)
