"""Semantic clusters of sequences, and what semantic deduplication removes within them."""

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

SEQUENCES_A_CLUSTER = 10_000  # the pairs of so many are compared in seconds; the paper's LAION clusters have 8,800
KEY = "content string, shortness long, kept long"  # of a content: that of the sequence which is kept of its copies
ASSIGNED = f"{KEY}, semantic_cluster int, similarity_to_centroid double, embedding array<float>"
COMPARED = f"{KEY}, semantic_cluster int, similarity_to_centroid double, earlier long, similarity double"
OF_A_CONTENT = ("content", "shortness", "kept")


def semantic_clusters(
    sequences: DataFrame,
    model: EmbeddingModel,
    vocabulary: Vocabulary,
    clusters: int | None,
    similarity: float,
    keep: Keep,
    working_directory: AnyPath,
) -> DataFrame:
    """`sequence_id: long, semantic_cluster: int, similarity_to_centroid: double`, and what is to be removed.

    Semantic deduplication (Abbas et al. 2023, SemDeDup, arXiv:2303.09540): k-means over the embeddings, then the pairs
    of a cluster with a cosine similarity of at least `similarity`. Of each sequence `semantic_duplicate_of: long` is
    the most similar of those that come before it in its cluster, `similarity: double` how similar it is; both null
    where none is similar, so that the sequence is to be kept. Before it come those with smaller ids, or, where the
    longest are kept, those with more tokens, and of as many those with smaller ids. What differs from a sequence in no
    character is 1 similar to it. Raises UserError for fewer different sequences than clusters.

    sequences: with `sequence_id` (unique), `tokens`, and perhaps `text`. clusters: how many; None for one in
    SEQUENCES_A_CLUSTER. The embeddings of one cluster are held in memory. working_directory: where nothing is yet;
    must last as long as the result.
    """
    spark = sequences.sparkSession
    contents = sequence_contents(sequences, spark.sparkContext.broadcast(vocabulary))
    with phase(spark, "tell different sequences"):
        keyed = write_table(contents.drop("prompt"), working_directory / "sequences")
        different = write_table(different_contents(keyed, keep), working_directory / "contents")
        rows = different.count()
    clusters = max(1, -(-rows // SEQUENCES_A_CLUSTER)) if clusters is None else clusters
    if rows < clusters:
        raise UserError(f"Expected at least {clusters} different sequences, one a semantic cluster; found {rows}.")
    with phase(spark, "embed the sequences"):
        texts = share_out(different, rows, "content")
        embedded = write_table(embed_texts(texts, model), working_directory / "embeddings")
    with phase(spark, "find semantic clusters"):
        centroids = spark.sparkContext.broadcast(find_centroids(embedded, rows, clusters, working_directory))
        grouped = assigned(embedded, centroids).repartition("semantic_cluster")
        ordered = grouped.sortWithinPartitions("semantic_cluster", "shortness", "kept")
        found = write_table(compared(ordered, similarity), working_directory / "clusters")
    joined = keyed.select("sequence_id", "content").join(found, "content")
    is_copy = F.col("sequence_id") != F.col("kept")
    return joined.select(
        "sequence_id",
        "semantic_cluster",
        "similarity_to_centroid",
        F.when(is_copy, F.col("kept")).otherwise(F.col("earlier")).alias("semantic_duplicate_of"),
        F.when(is_copy, 1.0).otherwise(F.col("similarity")).alias("similarity"),
    )


def different_contents(keyed: DataFrame, keep: Keep) -> DataFrame:
    """Each text once, with the sequence that is kept of those that have it, and that one's place in the order."""
    order = F.min(keeping_order(keep, F.col("length"))).alias("order")
    grouped = keyed.groupBy("content", "text").agg(order)
    return grouped.select("content", "text", "order.shortness", F.col("order.sequence_id").alias("kept"))


def find_centroids(embedded: DataFrame, rows: int, clusters: int, working_directory: AnyPath) -> Embeddings:
    """The centroids of so many clusters, from some of the embeddings, of which there are `rows`."""
    drawn = draw_embeddings(embedded, clusters * MOST_POINTS / rows, working_directory / "drawn")
    if len(drawn) < clusters:  # a handful: the contents are drawn by chance
        drawn = draw_embeddings(embedded, 1.0, working_directory / "all")
    return train_centroids(drawn, clusters)


def assigned(embedded: DataFrame, centroids: Broadcast[Embeddings]) -> DataFrame:
    """The embeddings with the cluster of each, and its similarity with the centroid."""

    def work(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            clusters, similarities = assign_clusters(embedding_matrix(batch["embedding"]), centroids.value)
            columns = [
                *(batch[name] for name in OF_A_CONTENT),
                pa.array(clusters),
                pa.array(similarities, pa.float64()),
            ]
            names = [*OF_A_CONTENT, "semantic_cluster", "similarity_to_centroid", "embedding"]
            yield pa.RecordBatch.from_arrays([*columns, batch["embedding"]], names)

    return embedded.select(*OF_A_CONTENT, "embedding").mapInArrow(work, ASSIGNED)


def compared(ordered: DataFrame, similarity: float) -> DataFrame:
    """For each content the most similar of those before it in its cluster, by the id that is kept of its copies.

    ordered: whole clusters in each task, one after the other.
    """

    def work(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for table in tables_of_clusters(batches):
            before = most_similar_before(embedding_matrix(table["embedding"]), similarity)
            is_none = before.positions < 0
            earlier = pa.array(np.asarray(table["kept"])[before.positions], mask=is_none)
            names = [*OF_A_CONTENT, "semantic_cluster", "similarity_to_centroid"]
            columns = [*(table[name] for name in names), earlier, pa.array(before.similarities, mask=is_none)]
            result = pa.table(columns, [*names, "earlier", "similarity"])
            yield from result.combine_chunks().to_batches()

    return ordered.mapInArrow(work, COMPARED)


def tables_of_clusters(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.Table]:
    """The rows of each cluster, from batches that cut them anywhere."""
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
