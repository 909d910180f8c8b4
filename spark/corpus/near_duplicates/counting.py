"""Near duplicates of sequences in Spark: the number per sequence, and its cluster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from pyspark import StorageLevel
from pyspark.sql import Window
from pyspark.sql import functions as F  # noqa: N812

from features.near_duplicates.in_memory import near_duplicates_in_memory
from filters.contract import RaggedArray
from filters.feature_tables import JACCARD_THRESHOLD, NGRAM_TOKENS
from filters.ragged import ragged_from_lists
from spark.corpus.near_duplicates.clusters import find_clusters
from spark.corpus.near_duplicates.packed_numbers import collect_table, frame_of_numbers
from spark.corpus.near_duplicates.pairs import PairSearch
from spark.session.job_descriptions import phase

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

# Takes seconds and under 1 GiB on the driver. Measured: 680 MiB for 500,000 sequences of 2 tokens, 580 MiB for 260,000
# of 64.
MOST_TOKENS_ON_DRIVER = 2**25
TOKENS_A_SEQUENCE = 64  # added per sequence: its band hashes and buckets take as much memory, however short it is
COLUMNS = ("sequence_id", "near_duplicates", "near_duplicate_cluster", "near_duplicate_cluster_size")


def find_near_duplicates(
    sequences: DataFrame,
    threshold: float = JACCARD_THRESHOLD,
    ngram_tokens: int = NGRAM_TOKENS,
    most_tokens_on_driver: int = MOST_TOKENS_ON_DRIVER,
) -> DataFrame:
    """Return one row per sequence: the number of its near duplicates, and the id and size of its cluster.

    sequences: `sequence_id: long` (unique) and `tokens: array<int>` (of any length), without nulls.
    most_tokens_on_driver: up to this size, the driver compares the sequences, else Spark; the result is the same.

    The result has these columns, all `long` and without nulls, besides `sequence_id`:
    near_duplicates: number of other sequences with a Jaccard similarity of at least the threshold, on the sets of
        n-grams of `ngram_tokens` tokens. A sequence shorter than an n-gram is its own only n-gram. Each pair is
        verified, so none is counted wrongly. A pair is found with the probability
        `choose_bands(threshold).recall(similarity)`: 0.992 at a similarity of 0.8, 0.99999 at 0.9, 1 for equal rows.
    near_duplicate_cluster: the smallest sequence_id of its connected component in the graph of these pairs; its own id
        if it has no near duplicate.
    near_duplicate_cluster_size: number of sequences in the component.

    The result depends only on the rows: not on their order, their partitions, or repeated tasks. The call runs Spark
    jobs. If Spark compares the sequences, nothing stays persisted: reading the result groups them again, so they must
    not change before.

    Raises ValueError if the threshold is not in (0, 1] or is too small to find pairs (`choose_bands`), or if n-grams
    have less than 1 token; RuntimeError as `find_clusters` does.
    """
    search = PairSearch((threshold,), ngram_tokens)
    if fit_on_driver(sequences, most_tokens_on_driver):
        return _find_on_driver(sequences, threshold, ngram_tokens)
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
    """Return whether the sequences are few enough to be compared faster in one process."""
    with phase(sequences.sparkSession, "near duplicates: count the tokens"):
        tokens = sequences.agg(F.sum(F.size("tokens") + TOKENS_A_SEQUENCE)).collect()[0][0] or 0
    return bool(tokens <= most_tokens_on_driver)


def collect_sequences(sequences: DataFrame) -> tuple[NDArray[np.int64], RaggedArray]:
    """Return the ids, int64, in ascending order, and the int32 tokens of the sequences; the driver holds them."""
    with phase(sequences.sparkSession, "near duplicates: collect the sequences"):
        table = collect_table(sequences.select("sequence_id", "tokens"))
    if not len(table):
        return np.empty(0, np.int64), RaggedArray(np.empty(0, np.int32), np.zeros(1, np.int64))
    # In ascending order of ids, so that the first row of a cluster has its smallest id.
    table = table.sort_by("sequence_id").combine_chunks()
    return np.asarray(table["sequence_id"]), ragged_from_lists(table["tokens"].chunk(0))


def _find_on_driver(sequences: DataFrame, threshold: float, ngram_tokens: int) -> DataFrame:
    ids, tokens = collect_sequences(sequences)
    found = near_duplicates_in_memory(tokens, threshold, ngram_tokens)
    rows = np.column_stack([ids, found.counts, ids[found.clusters], found.sizes])
    return frame_of_numbers(sequences.sparkSession, rows, COLUMNS)


@contextmanager
def pairs_of_contents(contents: DataFrame, search: PairSearch) -> Iterator[DataFrame]:
    """Yield the pairs of near duplicates among the representatives, persisted within the block.

    contents: the frame of `group_equal`. The pairs: see `PairSearch.pairs`.
    """
    contents.persist(StorageLevel.MEMORY_AND_DISK)
    distinct = contents.where("sequence_id = representative").select("sequence_id", "copies", "tokens")
    try:
        with phase(contents.sparkSession, "near duplicates: group equal sequences"):
            rows = distinct.count()
        pairs = search.pairs(distinct, rows).persist(StorageLevel.MEMORY_AND_DISK)
        try:
            yield pairs
        finally:
            pairs.unpersist()
    finally:
        # Nothing stays persisted: Spark would return it for later reads of the same path, even if the files changed.
        contents.unpersist()


def group_equal(sequences: DataFrame) -> DataFrame:
    """Return `sequence_id`, `tokens`, `representative`, `copies`, one row per sequence.

    representative: the smallest sequence_id of the sequences with the same tokens. copies: number of these sequences.
    Grouped by the tokens themselves; the hash only makes sorting fast.
    """
    equal = Window.partitionBy("hash", "tokens")
    return sequences.select("sequence_id", "tokens", F.xxhash64("tokens").alias("hash")).select(
        "sequence_id",
        "tokens",
        F.min("sequence_id").over(equal).alias("representative"),
        F.count(F.lit(1)).over(equal).alias("copies"),
    )
