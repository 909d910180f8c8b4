"""Clusters of near duplicates equal those of a plain walk over the pairs, for both strategies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spark.corpus.near_duplicates.clusters import CLUSTER_COLUMNS, LEVEL, PAIR_COLUMNS, clusters_by_level, find_clusters
from spark.corpus.near_duplicates.packed_numbers import collect_numbers, frame_of_numbers
from tests.features.near_duplicates_oracle import a_graph, components, expected_clusters


def test_clusters_equal_a_plain_walk_for_both_strategies(spark: Any, tmp_path: Path) -> None:
    spark.sparkContext.setCheckpointDir(str(tmp_path))
    edges = a_graph()
    truth, numbers = expected_clusters(edges)
    pairs = frame_of_numbers(spark, numbers, PAIR_COLUMNS).repartition(5).persist()
    for most_on_driver in (len(edges), 0):
        found = find_clusters(pairs, most_on_driver)
        assert tuple(found.columns) == CLUSTER_COLUMNS
        assert sorted(tuple(row) for row in found.collect()) == truth
    pairs.unpersist()


def test_clusters_of_each_level_equal_a_plain_walk_for_both_strategies(spark: Any, tmp_path: Path) -> None:
    spark.sparkContext.setCheckpointDir(str(tmp_path))
    edges = a_graph()
    levels = np.random.default_rng(2).integers(0, 3, len(edges))
    rows = np.column_stack([np.array(edges, np.int64), levels])
    pairs = frame_of_numbers(spark, rows, ("first", "second", LEVEL)).repartition(3).persist()
    vertices = sorted({vertex for edge in edges for vertex in edge})
    clusters_of_levels = [
        components(vertices, [tuple(row[:2]) for row in rows.tolist() if row[2] >= n]) for n in range(3)
    ]
    expected = [(vertex, *(found[vertex] for found in clusters_of_levels)) for vertex in vertices]
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
def test_numbers_survive_the_way_to_spark_and_back(spark: Any, rows: int) -> None:
    numbers = np.random.default_rng(rows).integers(-(2**63), 2**63 - 1, (rows, 3), np.int64)
    frame = frame_of_numbers(spark, numbers, ("a", "b", "c"))
    assert frame.dtypes == [("a", "bigint"), ("b", "bigint"), ("c", "bigint")]
    back = collect_numbers(frame.repartition(3))
    assert sorted(back.tolist()) == sorted(numbers.tolist())
