"""Deduplication methods: the exact, near or semantic duplicates to remove from a corpus, at several thresholds."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import add
from typing import TYPE_CHECKING

from pyspark.sql import Window
from pyspark.sql import functions as F  # noqa: N812

from features.deduplication import Keep
from spark.corpus.deduplication.keeping import keeping_order
from spark.corpus.near_duplicates.clusters import level_columns
from spark.corpus.near_duplicates.counting import MOST_TOKENS_ON_DRIVER, group_equal
from spark.corpus.near_duplicates.levels import near_duplicate_clusters

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

# The columns that each method returns, one row per removed sequence. duplicate_of: the sequence that it duplicates.
# threshold: the largest threshold at which it is removed; null for exact duplicates, which have no threshold.
REMOVED = ("sequence_id", "duplicate_of", "threshold")


def exact_duplicates(sequences: DataFrame) -> DataFrame:
    """Return, of the sequences with the same tokens, all but the one with the smallest id, columns `REMOVED`.

    The kept sequence is both the first and the longest, since all are equally long.
    sequences: `sequence_id: long` (unique) and `tokens: array<int>`.
    """
    return (
        group_equal(sequences)
        .where("sequence_id != representative")
        .select(
            "sequence_id", F.col("representative").alias("duplicate_of"), F.lit(None).cast("double").alias("threshold")
        )
    )


def near_duplicates(
    sequences: DataFrame,
    thresholds: tuple[float, ...],
    ngram_tokens: int,
    keep: Keep,
    most_tokens_on_driver: int = MOST_TOKENS_ON_DRIVER,
) -> DataFrame:
    """Return, of each cluster of near duplicates at the first threshold, all but one sequence, columns `REMOVED`.

    duplicate_of: the kept sequence of the cluster.
    sequences: `sequence_id: long` (unique) and `tokens: array<int>`.
    thresholds: minimum Jaccard similarities, in ascending order.
    most_tokens_on_driver, errors: as in `near_duplicate_clusters`.
    """
    clusters = near_duplicate_clusters(sequences, thresholds, ngram_tokens, most_tokens_on_driver)
    names = level_columns(len(thresholds))
    if keep == "longest":
        clusters = _with_longest(clusters, sequences.select("sequence_id", F.size("tokens").alias("tokens")), names)
    is_removed = [F.col(name) != F.col("sequence_id") for name in names]
    return clusters.where(is_removed[0]).select(
        "sequence_id", F.col(names[0]).alias("duplicate_of"), _largest_threshold(thresholds, is_removed)
    )


def semantic_duplicates(clusters: DataFrame, thresholds: tuple[float, ...]) -> DataFrame:
    """Return every sequence that is similar to an earlier one in its semantic cluster, columns `REMOVED`.

    duplicate_of: the most similar earlier sequence, which may be removed itself.
    clusters: from `semantic_clusters`, at the first threshold.
    thresholds: minimum cosine similarities, in ascending order.
    """
    is_removed = [F.col("similarity") >= threshold for threshold in thresholds]
    return clusters.where("semantic_duplicate_of IS NOT NULL").select(
        "sequence_id", F.col("semantic_duplicate_of").alias("duplicate_of"), _largest_threshold(thresholds, is_removed)
    )


def _with_longest(clusters: DataFrame, lengths: DataFrame, names: Sequence[str]) -> DataFrame:
    """Return the clusters of two or more sequences, each named by its longest sequence instead of its first."""
    larger = clusters.where(F.col(names[0]) != F.col("sequence_id")).select(names[0]).distinct()
    members = clusters.join(larger, names[0], "left_semi").join(lengths, "sequence_id")
    order = keeping_order("longest", F.col("tokens"))
    longest = [F.min(order).over(Window.partitionBy(name))["sequence_id"].alias(name) for name in names]
    return members.select("sequence_id", *longest)


def _largest_threshold(thresholds: Sequence[float], is_removed: Sequence[Column]) -> Column:
    """Return the largest threshold at which a sequence is removed; it is removed at all smaller ones too."""
    reached = reduce(add, (each.cast("int") for each in is_removed))
    return F.element_at(F.array(*map(F.lit, thresholds)), reached).cast("double").alias("threshold")
