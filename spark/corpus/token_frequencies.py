"""How often the corpus holds each token id, over the sequences that are memorized and over the rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from features.token_counts import MEMORIZED, REST, count_tokens
from filters.vocabulary import LARGEST_VOCABULARY
from spark.corpus.frames import require_unique_ids
from spark.corpus.part_tasks import map_parts
from spark.corpus.table_writing import write_one_file
from spark.session.job_descriptions import READ_CORPUS, phase
from spark.sources.corpus_parts import Corpus
from spark.sources.token_reader import CorpusBatch
from spark.storage.paths import AnyPath
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

    def run(self, spark: SparkSession, tables: Sequence[str], rows_done: Accumulator[int]) -> dict[str, dict[str, int]]:
        """Writes `TokenID`, `Frequency`: one table, or that of the memorized sequences and that of the rest."""
        memorized = np.empty(0, np.int64)
        if self.memorized is not None:
            require_unique_ids(spark, self.corpus)
            memorized = sequence_ids(self.memorized)
        frequencies, sequences = self._count(spark, memorized, rows_done)
        absent = len(memorized) - sequences[MEMORIZED]
        if self.memorized is not None and absent and not sequences[MEMORIZED]:
            raise UserError(
                f"{self.corpus.source}: none of its ids is one of the {absent:,} of {self.memorized.source}.\n"
                "Expected the memorized sequences' ids in this corpus: its column of ids, or else its row numbers."
            )
        token_ids = np.arange(frequencies.shape[1])
        found = {}
        for table, row in zip(tables, (MEMORIZED, REST) if len(tables) == 2 else (REST,), strict=True):
            write_one_file(pa.table({"TokenID": token_ids, "Frequency": frequencies[row]}), self.directory, table)
            found[table] = {"rows": len(token_ids), "tokens": int(frequencies[row].sum()), "sequences": sequences[row]}
        if absent:
            found[tables[0]]["absent"] = absent
        return found

    def _count(
        self, spark: SparkSession, memorized: NDArray[np.int64], rows_done: Accumulator[int]
    ) -> tuple[NDArray[np.int64], list[int]]:
        """How often each token occurs, int64, shape (2, token ids); and how many sequences there are of both kinds."""
        from pyspark.sql import functions as F  # noqa: N812

        shared, source = spark.sparkContext.broadcast(memorized), self.corpus.source

        def count(batches: Iterator[CorpusBatch]) -> Iterator[pa.RecordBatch]:
            counts = np.zeros((2, 0), np.int64)
            sequences = np.zeros(2, np.int64)
            for batch in batches:
                largest = int(batch.tokens.values.max(initial=0))
                if largest >= LARGEST_VOCABULARY:
                    raise UserError(f"{source}: expected token ids below {LARGEST_VOCABULARY}, found {largest}.")
                is_memorized = np.isin(batch.sequence_ids, shared.value)
                counts = count_tokens(batch.tokens, is_memorized, counts)
                sequences[MEMORIZED] += is_memorized.sum()
                sequences[REST] += (~is_memorized).sum()
            found = np.flatnonzero(counts.any(axis=0))
            # The row without a token counts the sequences.
            both = np.column_stack([sequences, counts[:, found]])
            tokens = pa.array([None, *found.tolist()], pa.int64())
            yield pa.RecordBatch.from_pydict({"token": tokens, "memorized": both[MEMORIZED], "rest": both[REST]})

        frame = map_parts(spark, self.corpus, count, "token long, memorized long, rest long", rows_done)
        with phase(spark, READ_CORPUS):
            sums = frame.groupBy("token").agg(F.sum("memorized"), F.sum("rest")).collect()
        sequences = [0, 0]
        counts = np.zeros(
            (2, max([self.vocabulary_size, *(row[0] + 1 for row in sums if row[0] is not None)])), np.int64
        )
        for token, of_memorized, of_rest in sums:
            kept = sequences if token is None else counts[:, token]
            kept[MEMORIZED], kept[REST] = of_memorized, of_rest
        return counts, sequences


def sequence_ids(sequences: Corpus) -> NDArray[np.int64]:
    """The ids of some sequences, each once, in ascending order; the driver reads them."""
    batches = [batch.sequence_ids for part in sequences.parts for batch in part.batches()]
    return np.unique(np.concatenate([np.empty(0, np.int64), *batches]))
