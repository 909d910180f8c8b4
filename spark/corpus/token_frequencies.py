"""Token frequencies: how often each token id occurs in the corpus, in the memorized sequences and in the rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from features.token_counts import MEMORIZED, REST, count_tokens
from filters.contract import Column
from filters.feature_tables import TOKEN_FREQUENCIES
from filters.vocabulary import LARGEST_VOCABULARY
from spark.corpus.frames import require_unique_ids
from spark.corpus.job import BYTES_OF_A_COUNT, Counts, FeatureJob
from spark.corpus.parallel_reading import map_parts, number_lines
from spark.corpus.table_writing import write_one_file
from spark.session.job_descriptions import READ_CORPUS, phase
from spark.sources.corpus_parts import Corpus
from spark.sources.counted_for import CountedFor
from spark.sources.token_reader import CorpusBatch
from spark.storage.paths import AnyPath
from utils import UserError

if TYPE_CHECKING:
    from pyspark import Accumulator
    from pyspark.sql import SparkSession


MEMORIZED_AND_REST = ("memorized", "non_memorized")


@dataclass(frozen=True)
class TokenFrequencies(FeatureJob):
    """A count of how often each token id occurs in the corpus."""

    feature = TOKEN_FREQUENCIES.name
    options = ("memorized",)
    # Named as in the published table.
    output_columns = (
        Column("TokenID", pa.int64(), "token id"),
        Column("Frequency", pa.int64(), "how often it occurs in the sequences of the table"),
    )

    @classmethod
    def splits(cls, scheme: str | None, has_memorized: bool) -> tuple[str, ...]:
        """Return one split for the memorized sequences and one for the rest; none if all are counted together."""
        return MEMORIZED_AND_REST if has_memorized else ()

    def estimated_bytes(self) -> int | None:
        """Return the size of the tables: one count per token id in each."""
        return len(self.planned.tables) * BYTES_OF_A_COUNT * self._vocabulary_size

    def build(
        self, spark: SparkSession, directory: AnyPath, tables: Sequence[str], rows_done: Accumulator[int]
    ) -> Counts:
        """Write one table; or two, for the memorized sequences and for the rest."""
        corpus = number_lines(spark, self.corpus) if self.memorized is not None else self.corpus
        counting = TokenCounting(corpus, self.memorized, self._vocabulary_size, directory, self.record)
        return counting.run(spark, tables, rows_done)

    @property
    def _vocabulary_size(self) -> int:
        return 0 if self.vocabulary is None else self.vocabulary.size


@dataclass(frozen=True)
class TokenCounting:
    """A count of the token ids in `corpus`.

    memorized: sequences to count separately, found in the corpus by id; None to count all together.
    vocabulary_size: minimum number of token ids to list; ids that the corpus lacks have a count of 0.
    record: written into the tables.
    """

    corpus: Corpus
    memorized: Corpus | None
    vocabulary_size: int
    directory: AnyPath
    record: CountedFor | None = None

    def run(self, spark: SparkSession, tables: Sequence[str], rows_done: Accumulator[int]) -> dict[str, dict[str, int]]:
        """Write `TokenID`, `Frequency`: one table; or two, for the memorized sequences and for the rest.

        Return the counts of each table: rows, tokens, sequences, and absent memorized sequences if there are any. Raise
        UserError if the corpus contains none of the memorized ids, or a token id that no vocabulary has.
        """
        memorized = np.empty(0, np.int64)
        if self.memorized is not None:
            require_unique_ids(spark, self.corpus)
            memorized = sequence_ids(self.memorized)
        frequencies, sequences = self._count(spark, memorized, rows_done)
        absent = len(memorized) - sequences[MEMORIZED]
        if self.memorized is not None and absent and not sequences[MEMORIZED]:
            raise UserError(
                f"{self.corpus.source}: expected the {absent:,} ids of {self.memorized.source}, found none of them.\n"
                "Give memorized sequences by their ids in the corpus, or by row numbers if it has no column of ids."
            )
        token_ids = np.arange(frequencies.shape[1])
        found = {}
        for table, row in zip(tables, (MEMORIZED, REST) if len(tables) == 2 else (REST,), strict=True):
            listed = pa.table({"TokenID": token_ids, "Frequency": frequencies[row]})
            write_one_file(listed, self.directory, table, self.record)
            found[table] = {"rows": len(token_ids), "tokens": int(frequencies[row].sum()), "sequences": sequences[row]}
        if absent:
            found[tables[0]]["absent"] = absent
        return found

    def _count(
        self, spark: SparkSession, memorized: NDArray[np.int64], rows_done: Accumulator[int]
    ) -> tuple[NDArray[np.int64], list[int]]:
        """Return the counts of the token ids, int64, shape (2, token ids), and the number of sequences per row of them.

        The first axis is indexed by `MEMORIZED` and `REST`.
        """
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
            # The row whose token is null contains the numbers of sequences.
            columns = np.column_stack([sequences, counts[:, found]])
            tokens = pa.array([None, *found.tolist()], pa.int64())
            yield pa.RecordBatch.from_pydict({"token": tokens, "memorized": columns[MEMORIZED], "rest": columns[REST]})

        frame = map_parts(spark, self.corpus, count, "token long, memorized long, rest long", rows_done)
        with phase(spark, READ_CORPUS):
            sums = frame.groupBy("token").agg(F.sum("memorized"), F.sum("rest")).collect()
        sequences = [0, 0]
        counts = np.zeros(
            (2, max([self.vocabulary_size, *(row[0] + 1 for row in sums if row[0] is not None)])), np.int64
        )
        for token, in_memorized, in_rest in sums:
            target = sequences if token is None else counts[:, token]
            target[MEMORIZED], target[REST] = in_memorized, in_rest
        return counts, sequences


def sequence_ids(sequences: Corpus) -> NDArray[np.int64]:
    """Return the distinct ids of the sequences, int64, in ascending order; the driver reads them."""
    batches = [batch.sequence_ids for part in sequences.parts for batch in part.batches()]
    return np.unique(np.concatenate([np.empty(0, np.int64), *batches]))
