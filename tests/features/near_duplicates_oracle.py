"""A slow and plain search for near duplicates, and rows with planted near duplicates."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np

Pair = tuple[int, int]


def shingles(row: Sequence[int], n: int) -> set[tuple[int, ...]]:
    """Return the set of n-grams of a row; a row shorter than n is its own single n-gram."""
    return {tuple(row[i : i + n]) for i in range(len(row) - n + 1)} if len(row) >= n else {tuple(row)}


def jaccard(first: Sequence[int], second: Sequence[int], n: int) -> float:
    """Return the Jaccard similarity of the shingles of two rows."""
    one, other = shingles(first, n), shingles(second, n)
    return len(one & other) / len(one | other)


def similar_pairs(rows: Sequence[Sequence[int]], threshold: float, n: int = 5) -> dict[Pair, float]:
    """Return all pairs (i < j) at or above the threshold with their similarity; uses an index from n-grams to rows."""
    sets = [shingles(row, n) for row in rows]
    holders: dict[tuple[int, ...], list[int]] = defaultdict(list)
    found: dict[Pair, float] = {}
    for j, grams in enumerate(sets):
        common = Counter(i for gram in grams for i in holders[gram])
        for i, count in common.items():
            similarity = count / (len(sets[i]) + len(grams) - count)
            if similarity >= threshold:
                found[i, j] = similarity
        for gram in grams:
            holders[gram].append(j)
    return found


def components(vertices: Iterable[int], pairs: Iterable[Pair]) -> dict[int, int]:
    """Return the smallest vertex reachable from each vertex, by a walk from each vertex in ascending order."""
    neighbours: dict[int, set[int]] = defaultdict(set)
    for one, other in pairs:
        neighbours[one].add(other)
        neighbours[other].add(one)
    label: dict[int, int] = {}
    for vertex in sorted(vertices):
        reached = [vertex] if vertex not in label else []
        while reached:
            each = reached.pop()
            if each not in label:
                label[each] = vertex
                reached.extend(neighbours[each])
    return label


def measured(ids: Sequence[int], pairs: Iterable[Pair]) -> list[tuple[int, int, int, int]]:
    """Return the rows expected from `find_near_duplicates`, by ascending id. pairs: of ids."""
    pairs = list(pairs)
    degree = Counter(vertex for pair in pairs for vertex in pair)
    label = components(ids, pairs)
    size = Counter(label.values())
    return [(i, degree[i], label[i], size[label[i]]) for i in sorted(ids)]


def planted(rows: int, length: int, seed: int, vocabulary: int = 50_000) -> list[list[int]]:
    """Return random rows; a third are copies of earlier rows with tokens replaced in up to three places.

    Similarities range from 1 to below any threshold of interest. The near copies form chains and stars.
    """
    generator = np.random.default_rng(seed)
    made: list[np.ndarray] = []
    for i in range(rows):
        if i == 0 or generator.random() > 1 / 3:
            made.append(generator.integers(0, vocabulary, length))
            continue
        row = made[int(generator.integers(max(0, i - 50), i))].copy()
        for _ in range(generator.integers(0, 4)):
            size = int(generator.integers(1, max(2, length // 20)))
            # A change at an end changes fewer n-grams, so every similarity occurs.
            at = int(generator.choice([0, length - size, generator.integers(0, length - size + 1)]))
            row[at : at + size] = generator.integers(0, vocabulary, size)
        made.append(row)
    return [row.tolist() for row in made]


def a_graph() -> list[Pair]:
    """Return a path in random order, stars, a clique, a tree and sparse random edges: every kind of component."""
    generator = np.random.default_rng(0)
    path = generator.permutation(300).tolist()
    edges = list(pairwise(path))
    edges += [(1000, 1000 + i) for i in range(1, 200)] + [(2999, 2000 + i) for i in range(200)]
    edges += [(3000 + i, 3000 + j) for i in range(15) for j in range(i)]
    edges += [(4000 + i, 4000 + (i - 1) // 2) for i in range(1, 127)]
    edges += [(5000 + a, 5000 + b) for a, b in generator.integers(0, 300, (200, 2)).tolist() if a != b]
    return sorted({(min(edge), max(edge)) for edge in edges})


def expected_clusters(edges: list[Pair]) -> tuple[list[tuple[int, int, int, int]], np.ndarray]:
    """Return rows (vertex, neighbours, cluster, cluster size), and edges with the number of copies of both ends.

    Each vertex stands for 1 to 3 copies; neighbours and sizes count all copies.
    """
    cluster_of = components({vertex for edge in edges for vertex in edge}, edges)
    copies = {vertex: 1 + vertex % 3 for vertex in cluster_of}
    neighbours: Counter[int] = Counter()
    sizes: Counter[int] = Counter()
    for first, second in edges:
        neighbours.update({first: copies[second], second: copies[first]})
    for vertex, cluster in cluster_of.items():
        sizes[cluster] += copies[vertex]
    rows = [(each, neighbours[each], cluster_of[each], sizes[cluster_of[each]]) for each in sorted(cluster_of)]
    return rows, np.array([(a, b, copies[a], copies[b]) for a, b in edges], np.int64)
