"""What is removed from a corpus so that of exact, near or semantic duplicates one is kept; at several thresholds."""

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

# Each function gives these, one row for each sequence that is removed. duplicate_of: because of which sequence.
# threshold: the largest of the thresholds at which it is removed; null of exact duplicates, which know none.
REMOVED = ("sequence_id", "duplicate_of", "threshold")


def exact_duplicates(sequences: DataFrame) -> DataFrame:
    """Of the sequences with the same tokens, all but the one with the smallest id, which is the first and longest.

    sequences: `sequence_id: long` (unique) and `tokens: array<int>`, as for the others.
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
    """Of each cluster of near duplicates at the first threshold, all but the one that is kept, which `duplicate_of` is.

    thresholds: of the Jaccard similarity, in ascending order. Clusters, errors: as of `near_duplicate_clusters`.
    """
    clusters = near_duplicate_clusters(sequences, thresholds, ngram_tokens, most_tokens_on_driver)
    names = level_columns(len(thresholds))
    if keep == "longest":
        clusters = _with_longest(clusters, sequences.select("sequence_id", F.size("tokens").alias("tokens")), names)
    is_removed = [F.col(name) != F.col("sequence_id") for name in names]
    return clusters.where(is_removed[0]).select(
        "sequence_id", F.col(names[0]).alias("duplicate_of"), _largest(thresholds, is_removed)
    )


def semantic_duplicates(clusters: DataFrame, thresholds: tuple[float, ...]) -> DataFrame:
    """Every sequence that is similar to one before it in its semantic cluster, which `duplicate_of` is.

    clusters: from `semantic_clusters`, at the first of the thresholds of the cosine similarity, in ascending order.
    """
    is_removed = [F.col("similarity") >= threshold for threshold in thresholds]
    return clusters.where("semantic_duplicate_of IS NOT NULL").select(
        "sequence_id", F.col("semantic_duplicate_of").alias("duplicate_of"), _largest(thresholds, is_removed)
    )


def _with_longest(clusters: DataFrame, lengths: DataFrame, names: Sequence[str]) -> DataFrame:
    """The clusters named by the sequence of each that is longest, instead of the first; of those with two or more."""
    larger = clusters.where(F.col(names[0]) != F.col("sequence_id")).select(names[0]).distinct()
    members = clusters.join(larger, names[0], "left_semi").join(lengths, "sequence_id")
    order = keeping_order("longest", F.col("tokens"))
    longest = [F.min(order).over(Window.partitionBy(name))["sequence_id"].alias(name) for name in names]
    return members.select("sequence_id", *longest)


def _largest(thresholds: Sequence[float], is_removed: Sequence[Column]) -> Column:
    """The largest threshold at which a sequence is removed; at all before it, it is removed too."""
    reached = reduce(add, (each.cast("int") for each in is_removed))
    return F.element_at(F.array(*map(F.lit, thresholds)), reached).cast("double").alias("threshold")
