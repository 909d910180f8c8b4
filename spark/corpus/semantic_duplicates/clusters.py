"""Semantic clusters of sequences, and the semantic duplicates within each cluster."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from features.deduplication import Keep
from features.semantic_duplicates.clusters import MOST_POINTS, assign_clusters, most_similar_before, train_centroids
from features.semantic_duplicates.model import EmbeddingModel
from features.semantic_duplicates.similarity import Embeddings
from filters.vocabulary import Vocabulary
from spark.corpus.deduplication.keeping import keeping_order
from spark.corpus.semantic_duplicates.embedding_files import draw_embeddings, embedding_matrix, write_table
from spark.corpus.semantic_duplicates.embeddings import embed_texts, sequence_contents
from spark.session.job_descriptions import phase
from spark.session.task_sizes import share_out
from spark.storage.paths import AnyPath
from utils import UserError

if TYPE_CHECKING:
    from pyspark import Broadcast

SEQUENCES_A_CLUSTER = (
    10_000  # all pairs of a cluster are compared in seconds; the LAION clusters of SemDeDup have 8,800
)
# Of the sequences with the same content, `kept` is the id of the one that is kept; `shortness` belongs to the same one.
KEY = "content string, shortness long, kept long"
ASSIGNED = f"{KEY}, semantic_cluster int, similarity_to_centroid double, embedding array<float>"
COMPARED = f"{KEY}, semantic_cluster int, similarity_to_centroid double, earlier long, similarity double"
KEY_COLUMNS = ("content", "shortness", "kept")


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
    similarity: double, the similarity to that sequence; null if there is none, 1 for sequences with equal text.

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
    with phase(spark, "embed the sequences"):
        texts = share_out(distinct, rows, "content")
        embedded = write_table(embed_texts(texts, model), working_directory / "embeddings")
    with phase(spark, "find semantic clusters"):
        centroids = spark.sparkContext.broadcast(find_centroids(embedded, rows, clusters, working_directory))
        grouped = with_clusters(embedded, centroids).repartition("semantic_cluster")
        ordered = grouped.sortWithinPartitions("semantic_cluster", "shortness", "kept")
        found = write_table(with_earlier_duplicates(ordered, similarity), working_directory / "clusters")
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


def find_centroids(embedded: DataFrame, rows: int, clusters: int, working_directory: AnyPath) -> Embeddings:
    """Return the centroids of the clusters, trained on a sample of the embeddings; rows: number of embeddings."""
    drawn = draw_embeddings(embedded, clusters * MOST_POINTS / rows, working_directory / "drawn")
    if len(drawn) < clusters:  # by chance, if there are only a few clusters
        drawn = draw_embeddings(embedded, 1.0, working_directory / "all")
    return train_centroids(drawn, clusters)


def with_clusters(embedded: DataFrame, centroids: Broadcast[Embeddings]) -> DataFrame:
    """Return the embeddings with the cluster of each and its similarity to the centroid, columns `ASSIGNED`."""

    def assign(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            clusters, similarities = assign_clusters(embedding_matrix(batch["embedding"]), centroids.value)
            columns = [
                *(batch[name] for name in KEY_COLUMNS),
                pa.array(clusters),
                pa.array(similarities, pa.float64()),
            ]
            names = [*KEY_COLUMNS, "semantic_cluster", "similarity_to_centroid", "embedding"]
            yield pa.RecordBatch.from_arrays([*columns, batch["embedding"]], names)

    return embedded.select(*KEY_COLUMNS, "embedding").mapInArrow(assign, ASSIGNED)


def with_earlier_duplicates(ordered: DataFrame, similarity: float) -> DataFrame:
    """Return each content with the most similar earlier content of its cluster, columns `COMPARED`.

    earlier: the `kept` id of that content; null if none is similar enough.
    ordered: each task has whole clusters, one after the other.
    """

    def compare(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for table in tables_of_clusters(batches):
            before = most_similar_before(embedding_matrix(table["embedding"]), similarity)
            is_none = before.positions < 0
            earlier = pa.array(np.asarray(table["kept"])[before.positions], mask=is_none)
            names = [*KEY_COLUMNS, "semantic_cluster", "similarity_to_centroid"]
            columns = [*(table[name] for name in names), earlier, pa.array(before.similarities, mask=is_none)]
            result = pa.table(columns, [*names, "earlier", "similarity"])
            yield from result.combine_chunks().to_batches()

    return ordered.mapInArrow(compare, COMPARED)


def tables_of_clusters(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Yield the rows of one cluster at a time; a cluster may extend over several batches."""
    pending: list[pa.RecordBatch] = []
    for batch in batches:
        clusters = np.asarray(batch["semantic_cluster"])
        edges = [0, *(np.flatnonzero(np.diff(clusters)) + 1).tolist(), len(batch)]
        for start, stop in pairwise(edges):
            piece = batch.slice(start, stop - start)
            if pending and len(piece) and pending[0]["semantic_cluster"][0] != piece["semantic_cluster"][0]:
                yield pa.Table.from_batches(pending)
                pending = []
            pending += [piece] if len(piece) else []
    if pending:
        yield pa.Table.from_batches(pending)
