"""Clusters of near duplicates: the connected components of the verified pairs, on the driver or in Spark."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

import numpy as np
from pyspark.sql import functions as F  # noqa: N812

from features.near_duplicates.components import cluster_vertices, components_by_level
from spark.corpus.near_duplicates.packed_numbers import collect_numbers, frame_of_numbers
from spark.session.job_descriptions import phase

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

# On the driver, each pair takes 32 bytes, and each of its sequences 32 more: under half a GiB in total.
MOST_PAIRS_ON_DRIVER = 4_000_000
PAIR_COLUMNS = ("first", "second", "first_copies", "second_copies")
LEVEL = "level"  # an additional column of pairs, for clusters at several thresholds
CLUSTER_COLUMNS = ("representative", "neighbours", "cluster", "cluster_size")


def find_clusters(pairs: DataFrame, most_on_driver: int = MOST_PAIRS_ON_DRIVER) -> DataFrame:
    """Return `CLUSTER_COLUMNS`, all `long`: one row per representative that has a near duplicate.

    pairs: `PAIR_COLUMNS`, all `long`: each verified pair of representatives once, and how many sequences each of the
        two stands for. The pairs are read more than once, so persist them.
    most_on_driver: up to this number of pairs, the driver finds the clusters, else Spark; the result is the same.

    Raises RuntimeError if there are more pairs and Spark has no checkpoint directory.
    """
    with phase(pairs.sparkSession, "near duplicates: verify the candidate pairs"):
        total = pairs.count()
    return cluster_on_driver(pairs) if total <= most_on_driver else cluster_in_spark(pairs)


def cluster_on_driver(pairs: DataFrame) -> DataFrame:
    """Return the clusters of `find_clusters`, found by union-find in the memory of the driver."""
    with phase(pairs.sparkSession, "near duplicates: collect the pairs"):
        collected = collect_numbers(pairs.select(*PAIR_COLUMNS))
    clusters = np.column_stack(cluster_vertices(collected))
    return frame_of_numbers(pairs.sparkSession, clusters, CLUSTER_COLUMNS)


def cluster_in_spark(pairs: DataFrame) -> DataFrame:
    """Return the clusters of `find_clusters`, found by `components_by_stars` in Spark, with bounded memory per task."""
    swapped = pairs.select(*(F.col(PAIR_COLUMNS[i]).alias(PAIR_COLUMNS[k]) for k, i in enumerate((1, 0, 3, 2))))
    representatives = (
        pairs.select(*PAIR_COLUMNS)
        .unionByName(swapped)
        .groupBy(F.col("first").alias("representative"))
        .agg(F.sum("second_copies").alias("neighbours"), F.max("first_copies").alias("copies"))
    )
    found = representatives.join(components_by_stars(pairs.select("first", "second")), "representative")
    sizes = found.groupBy("cluster").agg(F.sum("copies").alias("cluster_size"))
    return _checkpointed(found.join(sizes, "cluster").select(*CLUSTER_COLUMNS))


def clusters_by_level(pairs: DataFrame, levels: int, most_on_driver: int = MOST_PAIRS_ON_DRIVER) -> DataFrame:
    """Return `representative` and `level_columns`, all `long`: the cluster at each level.

    There is one row per representative that has a near duplicate at level 0.

    pairs: `first`, `second` and `LEVEL`, all `long`: each verified pair of representatives once. It is a pair at its
        level and at all lower levels. The pairs are read more than once, so persist them.
    most_on_driver, errors: as in `find_clusters`.
    """
    with phase(pairs.sparkSession, "near duplicates: verify the candidate pairs"):
        total = pairs.count()
    edges, names = pairs.select("first", "second", LEVEL), level_columns(levels)
    if total <= most_on_driver:
        with phase(pairs.sparkSession, "near duplicates: collect the pairs"):
            vertices, clusters = components_by_level(collect_numbers(edges), levels)
        return frame_of_numbers(pairs.sparkSession, np.column_stack([vertices, clusters]), ("representative", *names))
    clusters_of_levels = [
        components_by_stars(edges.where(F.col(LEVEL) >= level)).withColumnRenamed("cluster", name)
        for level, name in enumerate(names)
    ]
    joined = reduce(lambda one, other: one.join(other, "representative", "left"), clusters_of_levels)
    # A representative without a pair at a level is its own cluster.
    completed = [F.coalesce(name, "representative").alias(name) for name in names]
    return _checkpointed(joined.select("representative", *completed))


def level_columns(levels: int) -> tuple[str, ...]:
    """Return the names of the cluster columns, one per level."""
    return tuple(f"cluster_{level}" for level in range(levels))


def components_by_stars(edges: DataFrame) -> DataFrame:
    """Return each vertex as `representative` and the smallest vertex of its component as `cluster`.

    edges: `first`, `second`, both `long`.

    Alternates large stars and small stars until nothing changes (Kiveris et al. 2014, "Connected Components in
    MapReduce and Beyond"), in O(log² vertices) rounds. Each round is written to the checkpoint directory. A checkpoint
    has no lineage to recompute it from, and an executor that holds it in memory may be lost.

    Raises RuntimeError if Spark has no checkpoint directory.
    """
    stars = _edge(edges, F.greatest("first", "second"), F.least("first", "second"))
    with phase(edges.sparkSession, "near duplicates: connected components"):
        before = _checkpointed(stars.where("child != parent").distinct())
        while True:
            after = _checkpointed(_small_star(_large_star(before)))
            if after.count() == before.count() and after.join(before, ["child", "parent"], "left_anti").isEmpty():
                break
            before = after
    roots = after.select(F.col("parent").alias("representative"), F.col("parent").alias("cluster")).distinct()
    return after.select(F.col("child").alias("representative"), F.col("parent").alias("cluster")).unionByName(roots)


def _large_star(edges: DataFrame) -> DataFrame:
    """Connect the larger neighbours of each vertex with the smallest vertex among its neighbours and itself."""
    both = edges.unionByName(_edge(edges, F.col("parent"), F.col("child")))
    smallest = both.groupBy("child").agg(F.least(F.col("child"), F.min("parent")).alias("smallest"))
    larger = both.join(smallest, "child").where("parent > child")
    return _edge(larger, F.col("parent"), F.col("smallest")).distinct()


def _small_star(edges: DataFrame) -> DataFrame:
    """Connect the smaller neighbours of each vertex, and the vertex, with its smallest neighbour."""
    smallest = edges.groupBy("child").agg(F.min("parent").alias("smallest"))
    others = edges.join(smallest, "child").where("parent != smallest")
    parts = (_edge(others, F.col("parent"), F.col("smallest")), _edge(smallest, F.col("child"), F.col("smallest")))
    return reduce(lambda one, other: one.unionByName(other), parts).distinct()


def _edge(frame: DataFrame, child: Column, parent: Column) -> DataFrame:
    return frame.select(child.alias("child"), parent.alias("parent"))


def _checkpointed(frame: DataFrame) -> DataFrame:
    context = frame.sparkSession.sparkContext
    if context.getCheckpointDir() is None:
        raise RuntimeError(
            f"expected a checkpoint directory to cluster more than {MOST_PAIRS_ON_DRIVER:,} pairs, found none; "
            "call SparkContext.setCheckpointDir with a directory that all executors can reach"
        )
    return frame.checkpoint(eager=True)
