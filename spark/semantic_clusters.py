"""Semantic clusters of sequences, and what semantic deduplication removes within them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from features.semantic_duplicates.clusters import MOST_POINTS, assign_clusters, smallest_similar, train_centroids
from features.semantic_duplicates.model import EmbeddingModel
from features.semantic_duplicates.similarity import Embeddings
from filters.vocabulary import Vocabulary
from spark.embedding_files import draw_embeddings, embedding_matrix, write_table
from spark.embeddings import embed_texts, sequence_contents
from spark.job_descriptions import phase
from spark.loading import share_out
from spark.storage import AnyPath
from utils import UserError

if TYPE_CHECKING:
    from pyspark import Broadcast

ASSIGNED = "content string, smallest long, semantic_cluster int, similarity_to_centroid double, embedding array<float>"
COMPARED = "content string, semantic_cluster int, similarity_to_centroid double, smallest_similar long"


def semantic_clusters(
    sequences: DataFrame,
    model: EmbeddingModel,
    vocabulary: Vocabulary,
    clusters: int,
    similarity: float,
    working_directory: AnyPath,
) -> DataFrame:
    """`sequence_id: long, semantic_cluster: int, similarity_to_centroid: double, semantic_duplicate_of: long`.

    Semantic deduplication (Abbas et al. 2023, SemDeDup, arXiv:2303.09540): k-means over the embeddings, then the pairs
    of a cluster with a cosine similarity of at least `similarity`. semantic_duplicate_of: the smallest id of those that
    are similar to the sequence, where it is smaller than the sequence's own; null where the sequence is to be kept.
    Copies count as similar. Raises UserError for fewer different sequences than clusters.

    sequences: with `sequence_id` (unique), `tokens`, and perhaps `text`. The embeddings of one cluster are held in
    memory. working_directory: where nothing is yet; must last as long as the result.
    """
    spark = sequences.sparkSession
    contents = sequence_contents(sequences, spark.sparkContext.broadcast(vocabulary))
    with phase(spark, "tell different sequences"):
        keyed = write_table(contents.drop("prompt"), working_directory / "sequences")
        different = keyed.groupBy("content", "text").agg(F.min("sequence_id").alias("smallest"))
        different = write_table(different, working_directory / "contents")
        rows = different.count()
    if rows < clusters:
        raise UserError(f"Expected at least {clusters} different sequences, one a semantic cluster; found {rows}.")
    with phase(spark, "embed the sequences"):
        embedded = write_table(
            embed_texts(share_out(different, rows, "content"), model), working_directory / "embeddings"
        )
    with phase(spark, "find semantic clusters"):
        drawn = draw_embeddings(embedded, clusters * MOST_POINTS / rows, working_directory / "drawn")
        if len(drawn) < clusters:  # a handful: the contents are drawn by chance
            drawn = draw_embeddings(embedded, 1.0, working_directory / "all")
        centroids = spark.sparkContext.broadcast(train_centroids(drawn, clusters))
        grouped = assigned(embedded, centroids).repartition("semantic_cluster")
        ordered = grouped.sortWithinPartitions("semantic_cluster", "smallest")
        found = write_table(compared(ordered, similarity), working_directory / "clusters")
    joined = keyed.select("sequence_id", "content").join(found, "content")
    earlier = F.when(F.col("smallest_similar") < F.col("sequence_id"), F.col("smallest_similar"))
    return joined.select(
        "sequence_id", "semantic_cluster", "similarity_to_centroid", earlier.alias("semantic_duplicate_of")
    )


def assigned(embedded: DataFrame, centroids: Broadcast[Embeddings]) -> DataFrame:
    """The embeddings with the cluster of each, and its similarity with the centroid."""

    def work(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            clusters, similarities = assign_clusters(embedding_matrix(batch["embedding"]), centroids.value)
            columns = [batch["content"], batch["smallest"], clusters, similarities.astype(np.float64)]
            names = ["content", "smallest", "semantic_cluster", "similarity_to_centroid", "embedding"]
            yield pa.RecordBatch.from_arrays([*map(pa.array, columns), batch["embedding"]], names)

    return embedded.select("content", "smallest", "embedding").mapInArrow(work, ASSIGNED)


def compared(ordered: DataFrame, similarity: float) -> DataFrame:
    """For each content the smallest id of those of its cluster that are similar to it.

    ordered: whole clusters in each task, one after the other.
    """

    def work(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for table in tables_of_clusters(batches):
            ids = np.asarray(table["smallest"])
            smallest = smallest_similar(embedding_matrix(table["embedding"]), ids, similarity)
            names = ["content", "semantic_cluster", "similarity_to_centroid"]
            result = pa.table([*(table[name] for name in names), pa.array(smallest)], [*names, "smallest_similar"])
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
