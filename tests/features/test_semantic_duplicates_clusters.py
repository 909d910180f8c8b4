"""Clusters are reproducible, each embedding is in its nearest one; ties for the most similar take the smallest id."""

from __future__ import annotations

import numpy as np
import pytest

from features.semantic_duplicates.clusters import assign_clusters, most_similar_before, train_centroids
from tests.features.plain_reference import scattered_groups

EMBEDDINGS = scattered_groups(groups=40, most=12, dimensions=32, seed=9)


def test_equal_embeddings_give_equal_centroids() -> None:
    centroids = train_centroids(EMBEDDINGS, 12)
    assert centroids.shape == (12, 32)
    assert np.abs(np.linalg.norm(centroids, axis=1) - 1).max() < 1e-6
    assert np.array_equal(train_centroids(EMBEDDINGS.copy(), 12), centroids)
    assert not np.array_equal(train_centroids(EMBEDDINGS, 12, seed=1), centroids)


def test_centroid_is_the_mean_direction_of_its_cluster() -> None:
    groups = scattered_groups(groups=6, most=1, dimensions=32, seed=10)
    near = np.repeat(groups, 30, axis=0) + np.random.default_rng(3).normal(scale=0.01, size=(180, 32)).astype(
        np.float32
    )
    near /= np.linalg.norm(near, axis=1, keepdims=True)
    centroids = train_centroids(near, 6)
    clusters, _ = assign_clusters(near, centroids)
    for cluster in range(6):
        mean = near[clusters == cluster].astype(np.float64).mean(axis=0)
        assert np.abs(mean / np.linalg.norm(mean) - centroids[cluster]).max() < 1e-5


def test_embedding_belongs_to_the_most_similar_centroid() -> None:
    centroids = train_centroids(EMBEDDINGS, 12)
    clusters, similarities = assign_clusters(EMBEDDINGS, centroids)
    products = EMBEDDINGS.astype(np.float64) @ centroids.astype(np.float64).T
    assert clusters.tolist() == products.argmax(axis=1).tolist()
    assert np.abs(similarities - products.max(axis=1)).max() < 1e-6


@pytest.mark.parametrize("clusters", [0, 4])
def test_invalid_number_of_clusters_is_rejected(clusters: int) -> None:
    with pytest.raises(ValueError, match=f"expected 1 to 3 clusters of 3 embeddings, found {clusters}"):
        train_centroids(EMBEDDINGS[:3], clusters)


@pytest.mark.parametrize("block", [7, 4096])
def test_most_similar_earlier_row_equals_a_search_of_all_pairs(block: int) -> None:
    # Some rows occur twice, so that equally similar rows lie in different blocks.
    embeddings = np.concatenate([EMBEDDINGS, EMBEDDINGS[::3]])
    products = np.round(embeddings.astype(np.float64) @ embeddings.astype(np.float64).T, 6)
    found = most_similar_before(embeddings, 0.85, block_queries=block, block_rows=block)
    for row, (position, similarity) in enumerate(zip(*found, strict=True)):
        before = products[row, :row]
        if row == 0 or before.max() < 0.85:
            assert (position, np.isnan(similarity)) == (-1, True)
        else:
            assert (position, similarity) == (before.argmax(), before.max())
    assert 0.1 < (found.positions < 0).mean() < 0.9
