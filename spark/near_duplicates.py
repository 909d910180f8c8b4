"""Near duplicates of sequences in Spark: how many each has, and its cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark import StorageLevel
from pyspark.sql import Window
from pyspark.sql import functions as F  # noqa: N812

from features.near_duplicates.bands import choose_bands
from features.near_duplicates.signatures import require_ngram
from spark.job_descriptions import phase
from spark.near_duplicate_clusters import find_clusters
from spark.near_duplicate_pairs import PairSearch

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

THRESHOLD = 0.8  # of the Jaccard similarity, as in Lee et al. 2022, "Deduplicating Training Data ..."
NGRAM_TOKENS = 5  # of a shingle, as there


def find_near_duplicates(
    sequences: DataFrame, threshold: float = THRESHOLD, ngram_tokens: int = NGRAM_TOKENS
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
    Runs Spark jobs when called, and leaves nothing persisted: the sequences are grouped once more when the result is
    read, so that they must be the same then.
    Raises ValueError for a threshold that is not in (0, 1] or too small to find pairs at (`choose_bands`), and for
    n-grams under 1 token; RuntimeError as `find_clusters`.
    """
    require_ngram(ngram_tokens)
    search = PairSearch(threshold, ngram_tokens, choose_bands(threshold))
    contents = group_equal(sequences)
    clusters = _clusters_of_contents(contents, search)
    copies = contents.drop("tokens")
    return copies.join(clusters, "representative", "left").select(
        "sequence_id",
        (F.coalesce("neighbours", F.lit(0)) + F.col("copies") - 1).alias("near_duplicates"),
        F.coalesce("cluster", "representative").alias("near_duplicate_cluster"),
        F.coalesce("cluster_size", "copies").alias("near_duplicate_cluster_size"),
    )


def _clusters_of_contents(contents: DataFrame, search: PairSearch) -> DataFrame:
    """CLUSTER_COLUMNS of the representatives that have a near duplicate; contents: as `group_equal` gives them."""
    contents.persist(StorageLevel.MEMORY_AND_DISK)
    different = contents.where("sequence_id = representative").select("sequence_id", "copies", "tokens")
    try:
        with phase(contents.sparkSession, "near duplicates: group equal sequences"):
            rows = different.count()
        pairs = search.pairs(different, rows).persist(StorageLevel.MEMORY_AND_DISK)
        try:
            return find_clusters(pairs)
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
