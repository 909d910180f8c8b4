from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.near_duplicates.components import cluster_vertices, connected_components
from spark.corpus.near_duplicates.clusters import CLUSTER_COLUMNS, LEVEL, PAIR_COLUMNS, clusters_by_level, find_clusters
from spark.corpus.near_duplicates.packed_numbers import collect_numbers, frame_of_numbers
from tests.features.near_duplicates_oracle import Pair, components

VERTICES = st.integers(-5, 25) | st.integers(-(2**63), 2**63 - 1)


@settings(deadline=None)  # the first call compiles
@given(st.lists(st.tuples(VERTICES, VERTICES), max_size=40), st.randoms())
def test_components_as_walked(edges: list[Pair], random: Any) -> None:
    expected = components({vertex for edge in edges for vertex in edge}, edges)
    for _ in range(2):
        vertices, roots = connected_components(np.array(edges, np.int64).reshape(-1, 2))
        assert dict(zip(vertices.tolist(), roots.tolist(), strict=True)) == expected
        random.shuffle(edges)


def a_graph() -> list[Pair]:
    """A path in random order, stars, a clique, a tree, sparse random edges: every kind of component."""
    generator = np.random.default_rng(0)
    path = generator.permutation(300).tolist()
    edges = list(pairwise(path))
    edges += [(1000, 1000 + i) for i in range(1, 200)] + [(2999, 2000 + i) for i in range(200)]
    edges += [(3000 + i, 3000 + j) for i in range(15) for j in range(i)]
    edges += [(4000 + i, 4000 + (i - 1) // 2) for i in range(1, 127)]
    edges += [(5000 + a, 5000 + b) for a, b in generator.integers(0, 300, (200, 2)).tolist() if a != b]
    return sorted({(min(edge), max(edge)) for edge in edges})


def test_both_ways_are_the_same_and_right(spark: Any, tmp_path: Path) -> None:
    spark.sparkContext.setCheckpointDir(str(tmp_path))
    edges = a_graph()
    expected = components({vertex for edge in edges for vertex in edge}, edges)
    copies = {vertex: 1 + vertex % 3 for vertex in expected}
    neighbours: Counter[int] = Counter()
    sizes: Counter[int] = Counter()
    for first, second in edges:
        neighbours.update({first: copies[second]})
        neighbours.update({second: copies[first]})
    for vertex, cluster in expected.items():
        sizes[cluster] += copies[vertex]
    truth = [(v, neighbours[v], expected[v], sizes[expected[v]]) for v in sorted(expected)]
    numbers = np.array([(a, b, copies[a], copies[b]) for a, b in edges], np.int64)
    clusters = np.column_stack(cluster_vertices(np.random.default_rng(1).permutation(numbers)))
    assert [tuple(row) for row in clusters.tolist()] == truth
    pairs = frame_of_numbers(spark, numbers, PAIR_COLUMNS).repartition(5).persist()
    for most_on_driver in (len(edges), 0):
        found = find_clusters(pairs, most_on_driver)
        assert tuple(found.columns) == CLUSTER_COLUMNS
        assert sorted(tuple(row) for row in found.collect()) == truth
    pairs.unpersist()


def test_clusters_at_each_level_are_those_of_its_pairs_by_both_ways(spark: Any, tmp_path: Path) -> None:
    spark.sparkContext.setCheckpointDir(str(tmp_path))
    edges = a_graph()
    levels = np.random.default_rng(2).integers(0, 3, len(edges))
    rows = np.column_stack([np.array(edges, np.int64), levels])
    pairs = frame_of_numbers(spark, rows, ("first", "second", LEVEL)).repartition(3).persist()
    vertices = sorted({vertex for edge in edges for vertex in edge})
    of_levels = [components(vertices, [tuple(row[:2]) for row in rows.tolist() if row[2] >= n]) for n in range(3)]
    expected = [(vertex, *(found[vertex] for found in of_levels)) for vertex in vertices]
    for most_on_driver in (len(edges), 0):
        found = clusters_by_level(pairs, 3, most_on_driver)
        assert tuple(found.columns) == ("representative", "cluster_0", "cluster_1", "cluster_2")
        assert sorted(tuple(row) for row in found.collect()) == expected
    pairs.unpersist()


def test_too_many_pairs_need_a_checkpoint_directory(spark: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = frame_of_numbers(spark, np.array([[1, 2, 1, 1]]), PAIR_COLUMNS)
    monkeypatch.setattr(type(spark.sparkContext), "getCheckpointDir", lambda self: None)
    with pytest.raises(RuntimeError, match="setCheckpointDir"):
        find_clusters(pairs, most_on_driver=0)


@pytest.mark.parametrize("rows", [0, 1, 100_000])
def test_numbers_go_to_spark_and_back(spark: Any, rows: int) -> None:
    numbers = np.random.default_rng(rows).integers(-(2**63), 2**63 - 1, (rows, 3), np.int64)
    frame = frame_of_numbers(spark, numbers, ("a", "b", "c"))
    assert frame.dtypes == [("a", "bigint"), ("b", "bigint"), ("c", "bigint")]
    back = collect_numbers(frame.repartition(3))
    assert sorted(back.tolist()) == sorted(numbers.tolist())
