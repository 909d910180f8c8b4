"""Semantic clusters of sequences, and the semantic duplicates within each cluster."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from features.deduplication import Keep
from features.semantic_duplicates.model import EmbeddingModel
from filters.vocabulary import Vocabulary
from spark.corpus.deduplication.keeping import keeping_order
from spark.corpus.semantic_duplicates.clustering import find_centroids, with_clusters, with_earlier_duplicates
from spark.corpus.semantic_duplicates.embedding_files import write_table
from spark.corpus.semantic_duplicates.embeddings import embed_texts, sequence_contents
from spark.session.job_descriptions import phase
from spark.session.task_sizes import share_out
from spark.storage.paths import AnyPath
from utils import UserError

# All pairs of a cluster are compared in seconds; the LAION clusters of the SemDeDup paper have 8,800.
SEQUENCES_A_CLUSTER = 10_000


def semantic_clusters(
    sequences: DataFrame,
    model: EmbeddingModel,
    vocabulary: Vocabulary,
    clusters: int | None,
    similarity: float,
    keep: Keep,
    working_directory: AnyPath,
) -> DataFrame:
    """Return the semantic cluster of each sequence, and the earlier sequence that it duplicates, if any.

    Semantic deduplication (Abbas et al. 2023, SemDeDup, arXiv:2303.09540): k-means over the embeddings, then the pairs
    within a cluster whose cosine similarity is at least `similarity`.

    sequences: `sequence_id` (unique), `tokens`, and optionally `text`.
    clusters: number of clusters; None for one per `SEQUENCES_A_CLUSTER` distinct sequences. A task holds the embeddings
        of one cluster in memory.
    keep: the order within a cluster. `first` orders by id; `longest` by the number of tokens, longest first, then id.
    working_directory: must not contain anything yet, and must last as long as the result.

    The result has one row per sequence, with `sequence_id: long`, `semantic_cluster: int`,
    `similarity_to_centroid: double`, and:
    semantic_duplicate_of: long, the most similar earlier sequence of the cluster; null if none is similar enough, which
        means that the sequence is kept.
    similarity: double, the similarity to that sequence; null if there is none, 1 for equal text.

    Raises UserError if there are fewer distinct sequences than clusters.
    """
    spark = sequences.sparkSession
    contents = sequence_contents(sequences, spark.sparkContext.broadcast(vocabulary))
    with phase(spark, "find distinct sequences"):
        keyed = write_table(contents.drop("prompt"), working_directory / "sequences")
        distinct = write_table(distinct_contents(keyed, keep), working_directory / "contents")
        rows = distinct.count()
    clusters = max(1, -(-rows // SEQUENCES_A_CLUSTER)) if clusters is None else clusters
    if rows < clusters:
        raise UserError(f"Expected at least {clusters} distinct sequences, found {rows}.\nLower --semantic_clusters.")
    found = _cluster_contents(distinct, rows, model, clusters, similarity, working_directory)
    joined = keyed.select("sequence_id", "content").join(found, "content")
    is_copy = F.col("sequence_id") != F.col("kept")
    return joined.select(
        "sequence_id",
        "semantic_cluster",
        "similarity_to_centroid",
        F.when(is_copy, F.col("kept")).otherwise(F.col("earlier")).alias("semantic_duplicate_of"),
        F.when(is_copy, 1.0).otherwise(F.col("similarity")).alias("similarity"),
    )


def distinct_contents(keyed: DataFrame, keep: Keep) -> DataFrame:
    """Return each distinct text with the id and `shortness` of the sequence that is kept of its copies."""
    order = F.min(keeping_order(keep, F.col("length"))).alias("order")
    grouped = keyed.groupBy("content", "text").agg(order)
    return grouped.select("content", "text", "order.shortness", F.col("order.sequence_id").alias("kept"))


def _cluster_contents(
    distinct: DataFrame, rows: int, model: EmbeddingModel, clusters: int, similarity: float, working_directory: AnyPath
) -> DataFrame:
    """Return the contents with their clusters and earlier duplicates, columns `COMPARED`; rows: number of contents."""
    spark = distinct.sparkSession
    with phase(spark, "embed the sequences"):
        texts = share_out(distinct, rows, "content")
        embedded = write_table(embed_texts(texts, model), working_directory / "embeddings")
    with phase(spark, "find semantic clusters"):
        centroids = spark.sparkContext.broadcast(find_centroids(embedded, rows, clusters, working_directory))
        grouped = with_clusters(embedded, centroids).repartition("semantic_cluster")
        ordered = grouped.sortWithinPartitions("semantic_cluster", "shortness", "kept")
        return write_table(with_earlier_duplicates(ordered, similarity), working_directory / "clusters")
