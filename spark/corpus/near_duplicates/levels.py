"""Clusters of near duplicates at several thresholds, from one search."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pyspark.sql import functions as F  # noqa: N812

from features.near_duplicates.in_memory import clusters_in_memory
from spark.corpus.near_duplicates.clusters import clusters_by_level, level_columns
from spark.corpus.near_duplicates.counting import (
    MOST_TOKENS_ON_DRIVER,
    collect_sequences,
    fit_on_driver,
    group_equal,
    pairs_of_contents,
)
from spark.corpus.near_duplicates.packed_numbers import frame_of_numbers
from spark.corpus.near_duplicates.pairs import PairSearch

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def near_duplicate_clusters(
    sequences: DataFrame,
    thresholds: tuple[float, ...],
    ngram_tokens: int,
    most_tokens_on_driver: int = MOST_TOKENS_ON_DRIVER,
) -> DataFrame:
    """Return `sequence_id` and `level_columns`, all `long`: the cluster of each sequence at each threshold.

    thresholds: in ascending order. Pairs are found with the bands of the first threshold, so each cluster lies within a
        cluster of the threshold before.
    sequences, most_tokens_on_driver, the id of a cluster, errors: as in `find_near_duplicates`.
    """
    search, spark = PairSearch(thresholds, ngram_tokens), sequences.sparkSession
    names = level_columns(len(thresholds))
    if fit_on_driver(sequences, most_tokens_on_driver):
        ids, tokens = collect_sequences(sequences)
        firsts = clusters_in_memory(tokens, thresholds, ngram_tokens)
        return frame_of_numbers(spark, np.column_stack([ids, ids[firsts]]), ("sequence_id", *names))
    contents = group_equal(sequences)
    with pairs_of_contents(contents, search) as pairs:
        found = clusters_by_level(pairs, len(thresholds))
    clusters = [F.coalesce(name, "representative").alias(name) for name in names]
    return (
        contents.select("sequence_id", "representative")
        .join(found, "representative", "left")
        .select("sequence_id", *clusters)
    )
