"""Connected components of a graph that fits into memory, and what they say of its vertices."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from filters.compiled import compiled


class Clusters(NamedTuple):
    """What is known of each vertex that has a neighbour: int64, all of shape (vertices,), by ascending vertex.

    neighbours: how many sequences its neighbours stand for.
    clusters: the smallest vertex of its connected component.
    sizes: how many sequences the vertices of that component stand for.
    """

    vertices: NDArray[np.int64]
    neighbours: NDArray[np.int64]
    clusters: NDArray[np.int64]
    sizes: NDArray[np.int64]


def cluster_vertices(pairs: NDArray[np.int64]) -> Clusters:
    """The clusters of the pairs, shape (pairs, 4): two vertices, and how many sequences each of them stands for.

    A pair must not be given twice, in either order.
    """
    edges, copies_of_edges = pairs[:, :2], pairs[:, 2:]
    vertices, clusters = connected_components(edges)
    positions = np.searchsorted(vertices, edges)
    copies, neighbours, sizes = (np.zeros(len(vertices), np.int64) for _ in range(3))
    copies[positions] = copies_of_edges
    np.add.at(neighbours, positions, copies_of_edges[:, ::-1])
    roots = np.searchsorted(vertices, clusters)
    np.add.at(sizes, roots, copies)
    return Clusters(vertices, neighbours, clusters, sizes[roots])


def components_by_level(pairs: NDArray[np.int64], levels: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The vertices of the pairs in ascending order, and the smallest of each one's component at each level.

    pairs: two vertices, and the level up to which they are one, from 0 to `levels` - 1; int64, shape (pairs, 3).
    Both are int64, of shapes (vertices,) and (vertices, levels); at a level where a vertex has no pair it is its own.
    """
    vertices = np.unique(pairs[:, :2])
    components = np.repeat(vertices[:, None], levels, axis=1)
    for level in range(levels):
        found, smallest = connected_components(pairs[pairs[:, 2] >= level, :2])
        components[np.searchsorted(vertices, found), level] = smallest
    return vertices, components


def connected_components(edges: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The vertices of the edges, shape (edges, 2), in ascending order, and of each its component's smallest vertex.

    By union-find with path halving (Tarjan and van Leeuwen 1984); the roots are the smallest vertices, so that the
    result does not depend on the order of the edges.
    """
    vertices, positions = np.unique(edges, return_inverse=True)
    # The vertices are sorted: the smallest position is the smallest vertex.
    roots = _union_find(np.ascontiguousarray(positions, np.int64).reshape(-1, 2), len(vertices))
    return vertices, vertices[roots]


@compiled
def _union_find(edges: NDArray[np.int64], vertices: int) -> NDArray[np.int64]:
    parents = np.arange(vertices)
    for edge in range(len(edges)):
        first, second = edges[edge, 0], edges[edge, 1]
        while parents[first] != first:
            parents[first] = parents[parents[first]]
            first = parents[first]
        while parents[second] != second:
            parents[second] = parents[parents[second]]
            second = parents[second]
        if first < second:
            parents[second] = first
        else:
            parents[first] = second
    for vertex in range(vertices):
        # A parent is never larger than its child, so that its own root is known already.
        parents[vertex] = parents[parents[vertex]]
    return parents
