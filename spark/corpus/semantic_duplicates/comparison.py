"""Comparison of the queries with the corpus in Spark.

Each task compares one run of the corpus with several blocks of queries.
"""

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

# At 384 dimensions, a task holds 6 MB of queries and 100 MB of corpus at a time. With the buffers of reading and the
# copy in an index, a worker took 0.4 GB more than an idle one.
QUERIES_A_BLOCK, ROWS_A_RUN = 4_096, 65_536
MOST_BLOCKS_A_TASK = 16  # blocks of queries, so that a task takes at most about two minutes
TASKS_A_CORE = 4  # so that all cores are busy to the end


@dataclass(frozen=True)
class ComparisonSizes:
    """Sizes of a comparison.

    queries_a_block: queries per block. rows_a_run: rows of the corpus per run.
    short_task: rows per short task that computes embeddings.
    """

    queries_a_block: int = QUERIES_A_BLOCK
    rows_a_run: int = ROWS_A_RUN
    short_task: int = SHORT_TASK


DEFAULT_SIZES = ComparisonSizes()


@dataclass(frozen=True)
class Comparison:
    """The comparison of all queries with the whole corpus; it is pickled and sent to the workers.

    queries: blocks of files. corpus: runs of files.
    probes: clusters that the approximate index searches per query.
    centroids: clusters of the approximate index; None to compare all pairs.
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
        """Return the comparison of the tables `query_embeddings` and `embeddings` in the working directory."""
        queries = blocks_of_embeddings(directory / "query_embeddings", sizes.queries_a_block)
        runs = blocks_of_embeddings(directory / "embeddings", sizes.rows_a_run)
        return cls(tuple(queries), tuple(runs), probes, centroids)

    def run(self, spark: SparkSession) -> DataFrame:
        """Return `content`, `own` and `COLUMNS`: the counts of each task per query, for counts above 0."""
        pairs = len(self.queries) * len(self.corpus)
        wanted = max(1, pairs // (TASKS_A_CORE * spark.sparkContext.defaultParallelism))
        blocks_a_task = min(wanted, MOST_BLOCKS_A_TASK)
        groups = math.ceil(len(self.queries) / blocks_a_task)
        tasks = groups * len(self.corpus)

        def count_tasks(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            for batch in batches:
                for task in batch["id"].to_pylist():
                    run, group = divmod(task, groups)
                    first = group * blocks_a_task
                    yield from self.count(self.corpus[run], self.queries[first : first + blocks_a_task])

        schema = ", ".join(["content string, own string", *(f"`{name}` long" for name in COLUMNS)])
        return spark.range(0, tasks, 1, max(1, tasks)).mapInArrow(count_tasks, schema)

    def count(self, run: Block, blocks: tuple[Block, ...]) -> Iterator[pa.RecordBatch]:
        """Yield the counts of some blocks of queries in one run of the corpus, for queries with a count above 0."""
        table = read_block(run, ("content", "prompt", "copies", "embedding"))
        in_corpus = pc.greater(table["copies"], 0)  # the other contents belong to queries only
        table = table if pc.all(in_corpus).as_py() else table.filter(in_corpus)
        if not len(table):
            return
        corpus, copies = contents_of(table), np.asarray(table["copies"])
        keys = table["content"].combine_chunks()
        index = self._index(corpus.embeddings)
        for block in blocks:
            query_table = read_block(block, ("content", "own", "prompt", "embedding"))
            queries = contents_of(query_table)
            own = np.asarray(pc.fill_null(pc.index_in(query_table["own"], value_set=keys), -1)).astype(np.int64)
            found = count_duplicates(queries, corpus, copies, own, self._pairs(queries.embeddings, corpus, index))
            columns = [query_table["content"], query_table["own"], *found.T.copy()]
            counts = pa.table(columns, ["content", "own", *COLUMNS])
            yield from counts.filter(pa.array(found.any(axis=1))).combine_chunks().to_batches()

    def _index(self, corpus: Embeddings) -> ApproximateIndex | None:
        return ApproximateIndex(corpus, self.centroids.value, self.probes) if self.centroids else None

    def _pairs(self, queries: Embeddings, corpus: Contents, index: ApproximateIndex | None) -> Iterator[Pairs]:
        if index is None:
            return similar_pairs(queries, corpus.embeddings, SIMILAR)
        return index.similar_pairs(queries, SIMILAR)


def contents_of(table: pa.Table) -> Contents:
    """Return the embeddings and prompts of a block."""
    return Contents(embedding_matrix(table["embedding"]), np.array(table["prompt"].to_pylist(), object))
