"""How often the corpus holds each token id, over the sequences that are memorized and over the rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from features.token_counts import MEMORIZED, REST, count_tokens
from filters.vocabulary import LARGEST_VOCABULARY
from spark.corpora.parts import Corpus, CorpusBatch
from spark.corpora.reading import map_parts
from spark.feature_building.writing import write_one_file
from spark.job_descriptions import READ_CORPUS, phase
from spark.storage import AnyPath
from utils import UserError

if TYPE_CHECKING:
    from pyspark import Accumulator
    from pyspark.sql import SparkSession


@dataclass(frozen=True)
class TokenCounting:
    """The counting of the token ids of `corpus`.

    memorized: the sequences that are counted apart, by their ids; None where all are counted together.
    vocabulary_size: so many ids are listed at least; those that the corpus lacks with 0.
    """

    corpus: Corpus
    memorized: Corpus | None
    vocabulary_size: int
    directory: AnyPath

    def run(
        self, spark: SparkSession, tables: tuple[str, ...], rows_done: Accumulator[int]
    ) -> dict[str, dict[str, int]]:
        """Writes `TokenID`, `Frequency`: one table, or that of the memorized sequences and that of the rest."""
        memorized = np.empty(0, np.int64) if self.memorized is None else sequence_ids(self.memorized)
        counts = self._count(spark, memorized, rows_done)
        token_ids = np.arange(counts.shape[1])
        found = {}
        for table, row in zip(tables, (MEMORIZED, REST) if len(tables) == 2 else (REST,), strict=True):
            write_one_file(pa.table({"TokenID": token_ids, "Frequency": counts[row]}), self.directory, table)
            found[table] = {"rows": len(token_ids), "tokens": int(counts[row].sum())}
        return found

    def _count(
        self, spark: SparkSession, memorized: NDArray[np.int64], rows_done: Accumulator[int]
    ) -> NDArray[np.int64]:
        """int64, shape (2, token ids)."""
        from pyspark.sql import functions as F  # noqa: N812

        shared, source = spark.sparkContext.broadcast(memorized), self.corpus.source

        def count(batches: Iterator[CorpusBatch]) -> Iterator[pa.RecordBatch]:
            counts = np.zeros((2, 0), np.int64)
            for batch in batches:
                largest = int(batch.tokens.values.max(initial=0))
                if largest >= LARGEST_VOCABULARY:
                    raise UserError(f"{source}: expected token ids below {LARGEST_VOCABULARY}, found {largest}.")
                counts = count_tokens(batch.tokens, np.isin(batch.sequence_ids, shared.value), counts)
            found = np.flatnonzero(counts.any(axis=0))
            columns = {"token": found, "memorized": counts[MEMORIZED, found], "rest": counts[REST, found]}
            yield pa.RecordBatch.from_pydict(columns)

        frame = map_parts(spark, self.corpus, count, "token long, memorized long, rest long", rows_done)
        with phase(spark, READ_CORPUS):
            sums = frame.groupBy("token").agg(F.sum("memorized"), F.sum("rest")).collect()
        counts = np.zeros((2, max([self.vocabulary_size, *(row[0] + 1 for row in sums)])), np.int64)
        for token, of_memorized, of_rest in sums:
            counts[MEMORIZED, token], counts[REST, token] = of_memorized, of_rest
        return counts


def sequence_ids(sequences: Corpus) -> NDArray[np.int64]:
    """The ids of some sequences, each once, in ascending order; the driver reads them."""
    batches = [batch.sequence_ids for part in sequences.parts for batch in part.batches()]
    return np.unique(np.concatenate([np.empty(0, np.int64), *batches]))
