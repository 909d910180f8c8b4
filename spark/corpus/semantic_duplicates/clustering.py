"""The steps of semantic clustering in Spark: train centroids, assign clusters, compare within each cluster."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from features.semantic_duplicates.clusters import MOST_POINTS, assign_clusters, most_similar_before, train_centroids
from features.semantic_duplicates.similarity import Embeddings
from spark.corpus.semantic_duplicates.embedding_files import draw_embeddings, embedding_matrix
from spark.storage.paths import AnyPath

if TYPE_CHECKING:
    from pyspark import Broadcast
    from pyspark.sql import DataFrame

# Of the sequences with the same content, `kept` is the id of the one that is kept; `shortness` belongs to the same one.
KEY = "content string, shortness long, kept long"
ASSIGNED = f"{KEY}, semantic_cluster int, similarity_to_centroid double, embedding array<float>"
COMPARED = f"{KEY}, semantic_cluster int, similarity_to_centroid double, earlier long, similarity double"
KEY_COLUMNS = ("content", "shortness", "kept")


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
