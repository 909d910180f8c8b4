"""The longest match of each sequence in the corpus, which is read once for some four million tokens of sequences."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from features.longest_match.matching import add_matches, index_runs, longest_matches, merge_matches, no_matches
from filters.contract import RaggedArray
from filters.ragged import lists_from_ragged, ragged_from_lists
from spark.corpus.counts import COUNTS, combine_counts, in_chunks
from spark.corpus.frames import require_unique_ids
from spark.corpus.parallel_reading import map_parts
from spark.corpus.table_writing import write_one_file, write_parts
from spark.session.job_descriptions import READ_CORPUS, phase
from spark.sources.corpus_parts import Corpus
from spark.sources.counted_for import CountedFor
from spark.sources.token_reader import CorpusBatch
from spark.storage.paths import AnyPath, arrow_location, files_below

if TYPE_CHECKING:
    from pyspark import Accumulator
    from pyspark.sql import SparkSession

TOKENS_A_PASS = 1 << 22  # some 300 MB in every worker
ROWS_READ = 1_024
COLUMN = "longest_corpus_match"


class Block(NamedTuple):
    """Some of the sequences. ids: int64, shape (rows,)."""

    ids: NDArray[np.int64]
    tokens: RaggedArray


@dataclass(frozen=True)
class Matching:
    """The search for the longest match of each of `sequences` in `corpus`.

    directory: for the table and for intermediate files. tokens_a_pass: of the sequences.
    record: written into the table.
    """

    corpus: Corpus
    sequences: Corpus
    directory: AnyPath
    tokens_a_pass: int = TOKENS_A_PASS
    record: CountedFor | None = None

    def run(self, spark: SparkSession, table: str, rows_done: Accumulator[int]) -> dict[str, int]:
        """Write `sequence_id` and `COLUMN` of every sequence, ordered by id; return the number of rows and passes.

        Raise UserError if ids of the sequences repeat.
        """
        require_unique_ids(spark, self.sequences)
        self._write_sequences(spark)
        ids, found = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        for block, following in pairwise(chain(self._blocks(), [None])):
            assert block is not None
            # The rows of the corpus count in the last pass only, so that none counts twice.
            matches = self._match(spark, block, len(ids), None if following else rows_done)
            ids.append(block.ids)
            found.append(matches.astype(np.int64))
        columns = {"sequence_id": np.concatenate(ids), COLUMN: np.concatenate(found)}
        written = pa.table(columns).sort_by("sequence_id")
        write_one_file(written, self.directory, table, self.record)
        return {"rows": len(written), "passes": len(ids) - 1}

    def _write_sequences(self, spark: SparkSession) -> None:
        """Write the tokens of the sequences to intermediate files, which the driver reads back block by block."""

        def with_ids(batch: CorpusBatch) -> tuple[pa.Table, dict[str, int]]:
            tokens = RaggedArray(batch.tokens.values.astype(np.int32), batch.tokens.offsets)
            return pa.table({"sequence_id": batch.sequence_ids, "tokens": lists_from_ragged(tokens)}), {}

        with phase(spark, "read the sequences"):
            write_parts(spark, self.sequences, with_ids, self.directory, "sequences")

    def _blocks(self) -> Iterator[Block]:
        """Yield the sequences in blocks, each ending with the sequence that fills its `tokens_a_pass`."""
        waiting, tokens = [], 0
        for batch in self._written_sequences():
            while len(batch):
                filled = tokens + np.cumsum(np.diff(np.asarray(batch["tokens"].offsets)))
                rows = int(np.searchsorted(filled, self.tokens_a_pass)) + 1
                waiting.append(batch.slice(0, rows))
                tokens = int(filled[: len(waiting[-1])][-1])
                batch = batch.slice(rows)
                if tokens >= self.tokens_a_pass:
                    yield _block(waiting)
                    waiting, tokens = [], 0
        if waiting:
            yield _block(waiting)

    def _written_sequences(self) -> Iterator[pa.RecordBatch]:
        for path in files_below(self.directory / "sequences").values():
            filesystem, name = arrow_location(path)
            with pq.ParquetFile(name, filesystem=filesystem) as file:
                yield from file.iter_batches(ROWS_READ)

    def _match(
        self, spark: SparkSession, block: Block, number: int, rows_done: Accumulator[int] | None
    ) -> NDArray[np.int32]:
        """Return the longest match of each sequence of a block: int32, shape (rows,)."""
        automaton = index_runs(block.tokens)
        shared = spark.sparkContext.broadcast(automaton)

        def find(batches: Iterator[CorpusBatch]) -> Iterator[pa.RecordBatch]:
            longest = no_matches(shared.value)
            for batch in batches:
                add_matches(batch.tokens, shared.value, longest)
            yield from in_chunks(longest)

        with phase(spark, f"{READ_CORPUS}, pass {number}" if rows_done is None else READ_CORPUS):
            frame = map_parts(spark, self.corpus, find, COUNTS, rows_done)
            longest = combine_counts(frame, no_matches(automaton), merge_matches)
        shared.destroy()
        return longest_matches(block.tokens, automaton, longest)


def _block(batches: list[pa.RecordBatch]) -> Block:
    table = pa.Table.from_batches(batches).combine_chunks()
    tokens = ragged_from_lists(table["tokens"].chunk(0))
    return Block(np.asarray(table["sequence_id"]), tokens)
