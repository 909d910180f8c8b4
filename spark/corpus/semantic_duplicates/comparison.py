"""Blocks of queries compared with runs of the corpus in Spark, one task for each run and some blocks."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.semantic_duplicates.approximate import ApproximateIndex
from features.semantic_duplicates.counting import COLUMNS, SIMILAR, Contents, count_duplicates
from features.semantic_duplicates.similarity import Embeddings, Pairs, similar_pairs
from spark.corpus.semantic_duplicates.embedding_files import Block, blocks_of_embeddings, embedding_matrix, read_block
from spark.session.task_sizes import SHORT_TASK
from spark.storage.paths import AnyPath

if TYPE_CHECKING:
    from pyspark import Broadcast
    from pyspark.sql import DataFrame, SparkSession

# 6 MB of queries of 384 dimensions, and 100 MB of corpus: what a task holds at a time. With what reading takes, and
# the copy in an index, that was 0.4 GB more than an idle worker has.
QUERIES_A_BLOCK, ROWS_A_RUN = 4_096, 65_536
MOST_BLOCKS_A_TASK = 16  # of queries: a task takes about two minutes at most
TASKS_A_CORE = 4  # so that all are busy to the end


@dataclass(frozen=True)
class ComparisonSizes:
    """How the work is cut: the queries of a block, the rows of a run, and the rows of a short task that embeds."""

    queries_a_block: int = QUERIES_A_BLOCK
    rows_a_run: int = ROWS_A_RUN
    short_task: int = SHORT_TASK


DEFAULT_SIZES = ComparisonSizes()


@dataclass(frozen=True)
class Comparison:
    """The comparing of all queries with all of the corpus, in the form that travels to the workers.

    queries: blocks; corpus: runs of files. centroids: of the approximate index; None where all pairs are looked at.
    """

    queries: tuple[Block, ...]
    corpus: tuple[Block, ...]
    probes: int
    centroids: Broadcast[Embeddings] | None

    @classmethod
    def of(
        cls,
        directory: AnyPath,
        probes: int,
        centroids: Broadcast[Embeddings] | None,
        sizes: ComparisonSizes = DEFAULT_SIZES,
    ) -> Comparison:
        """Return the comparison of the tables in the working directory."""
        queries = blocks_of_embeddings(directory / "query_embeddings", sizes.queries_a_block)
        runs = blocks_of_embeddings(directory / "embeddings", sizes.rows_a_run)
        return cls(tuple(queries), tuple(runs), probes, centroids)

    def run(self, spark: SparkSession) -> DataFrame:
        """`content`, `own` and `COLUMNS`: what each task counted of each query, where it counted any."""
        pairs = len(self.queries) * len(self.corpus)
        wanted = max(1, pairs // (TASKS_A_CORE * spark.sparkContext.defaultParallelism))
        blocks_a_task = min(wanted, MOST_BLOCKS_A_TASK)
        groups = math.ceil(len(self.queries) / blocks_a_task)
        tasks = groups * len(self.corpus)

        def work(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            for batch in batches:
                for task in batch["id"].to_pylist():
                    run, group = divmod(task, groups)
                    first = group * blocks_a_task
                    yield from self.count(self.corpus[run], self.queries[first : first + blocks_a_task])

        schema = ", ".join(["content string, own string", *(f"`{name}` long" for name in COLUMNS)])
        return spark.range(0, tasks, 1, max(1, tasks)).mapInArrow(work, schema)

    def count(self, run: Block, blocks: tuple[Block, ...]) -> Iterator[pa.RecordBatch]:
        """What some blocks of queries find in a run of the corpus."""
        table = read_block(run, ("content", "prompt", "copies", "embedding"))
        is_held = pc.greater(table["copies"], 0)
        table = table if pc.all(is_held).as_py() else table.filter(is_held)
        if not len(table):
            return
        corpus, copies = contents_of(table), np.asarray(table["copies"])
        keys = table["content"].combine_chunks()
        index = self._index(corpus.embeddings)
        for block in blocks:
            asked = read_block(block, ("content", "own", "prompt", "embedding"))
            queries = contents_of(asked)
            own = np.asarray(pc.fill_null(pc.index_in(asked["own"], value_set=keys), -1)).astype(np.int64)
            found = count_duplicates(queries, corpus, copies, own, self._pairs(queries.embeddings, corpus, index))
            counts = pa.table([asked["content"], asked["own"], *found.T.copy()], ["content", "own", *COLUMNS])
            yield from counts.filter(pa.array(found.any(axis=1))).combine_chunks().to_batches()

    def _index(self, corpus: Embeddings) -> ApproximateIndex | None:
        return ApproximateIndex(corpus, self.centroids.value, self.probes) if self.centroids else None

    def _pairs(self, queries: Embeddings, corpus: Contents, index: ApproximateIndex | None) -> Iterator[Pairs]:
        if index is None:
            return similar_pairs(queries, corpus.embeddings, SIMILAR)
        return index.similar_pairs(queries, SIMILAR)


def contents_of(table: pa.Table) -> Contents:
    """The embeddings and prompts of a block."""
    return Contents(embedding_matrix(table["embedding"]), np.array(table["prompt"].to_pylist(), object))
