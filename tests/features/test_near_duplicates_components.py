"""Connected components and clusters in memory equal a plain walk over the edges."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from features.near_duplicates.components import cluster_vertices, connected_components
from tests.features.near_duplicates_oracle import Pair, a_graph, components, expected_clusters

VERTICES = st.integers(-5, 25) | st.integers(-(2**63), 2**63 - 1)


@settings(deadline=None)  # the first call compiles
@given(st.lists(st.tuples(VERTICES, VERTICES), max_size=40), st.randoms())
def test_components_equal_a_plain_walk(edges: list[Pair], random: Any) -> None:
    expected = components({vertex for edge in edges for vertex in edge}, edges)
    for _ in range(2):
        vertices, roots = connected_components(np.array(edges, np.int64).reshape(-1, 2))
        assert dict(zip(vertices.tolist(), roots.tolist(), strict=True)) == expected
        random.shuffle(edges)


def test_clusters_and_counts_equal_a_plain_walk() -> None:
    expected, edges = expected_clusters(a_graph())
    clusters = np.column_stack(cluster_vertices(np.random.default_rng(1).permutation(edges)))
    assert [tuple(row) for row in clusters.tolist()] == expected
