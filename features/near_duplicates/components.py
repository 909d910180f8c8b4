"""Find the connected components of a graph that fits in memory, and statistics of its vertices."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from filters.compiled import compiled


class Clusters(NamedTuple):
    """Statistics of each vertex that has a neighbour: int64, shape (vertices,), in ascending order of vertices.

    neighbours: number of sequences that its neighbours stand for.
    clusters: the smallest vertex of its connected component.
    sizes: number of sequences that the vertices of the component stand for.
    """

    vertices: NDArray[np.int64]
    neighbours: NDArray[np.int64]
    clusters: NDArray[np.int64]
    sizes: NDArray[np.int64]


def cluster_vertices(pairs: NDArray[np.int64]) -> Clusters:
    """Return the clusters of pairs, shape (pairs, 4): two vertices, and how many sequences each stands for.

    No pair may occur twice, in either order.
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
    """Return the vertices in ascending order, and the smallest vertex of each one's component per level.

    pairs: int64, shape (pairs, 3): two vertices, and the highest level, 0 to `levels` - 1, at which they are joined.
        The results are int64, of shapes (vertices,) and (vertices, levels). A vertex without a pair at a level is its
        own component.
    """
    vertices = np.unique(pairs[:, :2])
    components = np.repeat(vertices[:, None], levels, axis=1)
    for level in range(levels):
        found, smallest = connected_components(pairs[pairs[:, 2] >= level, :2])
        components[np.searchsorted(vertices, found), level] = smallest
    return vertices, components


def connected_components(edges: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the vertices of the edges, shape (edges, 2), ascending, and the smallest vertex of each one's component.

    Uses union-find with path halving (Tarjan and van Leeuwen 1984). Roots are the smallest vertices, so the result does
    not depend on the order of the edges.
    """
    vertices, positions = np.unique(edges, return_inverse=True)
    # The vertices are sorted, so the smallest position is the smallest vertex.
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
        # A parent is never larger than its child, so its root is known already.
        parents[vertex] = parents[parents[vertex]]
    return parents
