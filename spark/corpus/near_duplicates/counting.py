"""Near duplicates of sequences in Spark: how many each has, and its cluster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from pyspark import StorageLevel
from pyspark.sql import Window
from pyspark.sql import functions as F  # noqa: N812

from features.near_duplicates.bands import JACCARD_THRESHOLD, NGRAM_TOKENS
from features.near_duplicates.in_memory import near_duplicates_in_memory
from filters.contract import RaggedArray
from filters.ragged import ragged_from_lists
from spark.corpus.near_duplicates.clusters import find_clusters
from spark.corpus.near_duplicates.packed_numbers import collect_table, frame_of_numbers
from spark.corpus.near_duplicates.pairs import PairSearch
from spark.session.job_descriptions import phase

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

# Under 1 GiB there, and seconds (measured: 680 MiB for 500,000 of two tokens, 580 for 260,000 of 64).
MOST_TOKENS_ON_DRIVER = 2**25
TOKENS_A_SEQUENCE = 64  # counted besides its own: its band hashes and buckets take so much memory, however short it is
COLUMNS = ("sequence_id", "near_duplicates", "near_duplicate_cluster", "near_duplicate_cluster_size")


def find_near_duplicates(
    sequences: DataFrame,
    threshold: float = JACCARD_THRESHOLD,
    ngram_tokens: int = NGRAM_TOKENS,
    most_tokens_on_driver: int = MOST_TOKENS_ON_DRIVER,
) -> DataFrame:
    """One row for each sequence: how many near duplicates it has, and its cluster's id and size.

    sequences: `sequence_id: long` (unique) and `tokens: array<int>` (of any length), without nulls.
    The result has these columns, all `long` and without nulls:
    near_duplicates: how many other sequences have a Jaccard similarity of at least the threshold with it, over the
        sets of their n-grams of `ngram_tokens` tokens; of a sequence that is shorter the whole of it is the one n-gram.
        Every one of them is verified, so that none is counted wrongly; found is each with the probability of
        `choose_bands(threshold).recall(similarity)`: 0.992 at a similarity of 0.8, 0.99999 at 0.9, 1 for equal ones.
    near_duplicate_cluster: the smallest sequence_id of its connected component in the graph of these pairs, its own
        where it has none. near_duplicate_cluster_size: how many sequences the component has.
    It depends on nothing but the rows: not on their order, their partitions, or which tasks were tried again.
    Runs Spark jobs when called. Few sequences are measured on the driver; the result is the same. Of more than that
    nothing stays persisted: they are grouped once more when the result is read, and must be the same then.
    Raises ValueError for a threshold that is not in (0, 1] or too small to find pairs at (`choose_bands`), and for
    n-grams under 1 token; RuntimeError as `find_clusters`.
    """
    search = PairSearch((threshold,), ngram_tokens)
    if fit_on_driver(sequences, most_tokens_on_driver):
        return _on_driver(sequences, threshold, ngram_tokens)
    contents = group_equal(sequences)
    with pairs_of_contents(contents, search) as pairs:
        clusters = find_clusters(pairs)
    copies = contents.drop("tokens")
    return copies.join(clusters, "representative", "left").select(
        "sequence_id",
        (F.coalesce("neighbours", F.lit(0)) + F.col("copies") - 1).alias(COLUMNS[1]),
        F.coalesce("cluster", "representative").alias(COLUMNS[2]),
        F.coalesce("cluster_size", "copies").alias(COLUMNS[3]),
    )


def fit_on_driver(sequences: DataFrame, most_tokens_on_driver: int) -> bool:
    """Whether the sequences are so few that to compare them in one process is faster."""
    with phase(sequences.sparkSession, "near duplicates: count the tokens"):
        tokens = sequences.agg(F.sum(F.size("tokens") + TOKENS_A_SEQUENCE)).collect()[0][0] or 0
    return bool(tokens <= most_tokens_on_driver)


def collect_sequences(sequences: DataFrame) -> tuple[NDArray[np.int64], RaggedArray]:
    """The ids, in ascending order, and the int32 tokens of sequences that the driver can hold."""
    with phase(sequences.sparkSession, "near duplicates: collect the sequences"):
        table = collect_table(sequences.select("sequence_id", "tokens"))
    if not len(table):
        return np.empty(0, np.int64), RaggedArray(np.empty(0, np.int32), np.zeros(1, np.int64))
    # By ascending id, so that the first row of a cluster has its smallest.
    table = table.sort_by("sequence_id").combine_chunks()
    return np.asarray(table["sequence_id"]), ragged_from_lists(table["tokens"].chunk(0))


def _on_driver(sequences: DataFrame, threshold: float, ngram_tokens: int) -> DataFrame:
    ids, tokens = collect_sequences(sequences)
    found = near_duplicates_in_memory(tokens, threshold, ngram_tokens)
    rows = np.column_stack([ids, found.counts, ids[found.clusters], found.sizes])
    return frame_of_numbers(sequences.sparkSession, rows, COLUMNS)


@contextmanager
def pairs_of_contents(contents: DataFrame, search: PairSearch) -> Iterator[DataFrame]:
    """The near duplicates among the representatives, persisted in the block; contents: as `group_equal` gives them."""
    contents.persist(StorageLevel.MEMORY_AND_DISK)
    different = contents.where("sequence_id = representative").select("sequence_id", "copies", "tokens")
    try:
        with phase(contents.sparkSession, "near duplicates: group equal sequences"):
            rows = different.count()
        pairs = search.pairs(different, rows).persist(StorageLevel.MEMORY_AND_DISK)
        try:
            yield pairs
        finally:
            pairs.unpersist()
    finally:
        # Nothing stays persisted: Spark would give it to whoever reads the same path, even once its files are others.
        contents.unpersist()


def group_equal(sequences: DataFrame) -> DataFrame:
    """The same rows, with the smallest sequence_id of those that have the same tokens, and how many those are.

    They are grouped by the tokens themselves; the hash before them only makes sorting fast.
    """
    equal = Window.partitionBy("hash", "tokens")
    return sequences.select("sequence_id", "tokens", F.xxhash64("tokens").alias("hash")).select(
        "sequence_id",
        "tokens",
        F.min("sequence_id").over(equal).alias("representative"),
        F.count(F.lit(1)).over(equal).alias("copies"),
    )
