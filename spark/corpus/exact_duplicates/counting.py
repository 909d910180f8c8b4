"""Exact counts of how often the last tokens of each sequence occur in the corpus."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from features.exact_duplicates.kernel import HASH_BITS
from features.exact_duplicates.windows import (
    Windows,
    add_to_filter,
    count_windows,
    index_windows,
    make_filter,
    windows_that_pass,
)
from filters.continuation import cut_ends
from spark.corpus.counts import COUNTS, add_up_counts, in_chunks
from spark.corpus.exact_duplicates.strategies import Strategy, choose_strategy
from spark.corpus.exact_duplicates.windows import as_binary, from_binary
from spark.corpus.frames import require_unique_ids
from spark.corpus.parallel_reading import map_parts
from spark.corpus.table_writing import WrittenFrame, write_frame, write_one_file, write_parts
from spark.session.job_descriptions import READ_CORPUS, phase
from spark.sources.corpus_parts import Corpus
from spark.sources.counted_for import CountedFor
from spark.sources.spark_names import escape_glob
from spark.sources.token_reader import CorpusBatch
from spark.storage.paths import AnyPath, arrow_location
from utils import UserError

if TYPE_CHECKING:
    from pyspark import Accumulator
    from pyspark.sql import DataFrame, SparkSession

ENDS = pa.schema([("index", pa.int64()), ("end", pa.binary())])
BYTES_A_TOKEN = 4
LARGEST_FILTER_BITS = 1 << 31  # 256 MB; if there are more hashes, more windows pass, and the counts stay correct


class DuplicateCounts(NamedTuple):
    """Numbers of sequences in a table of duplicate counts.

    rows: sequences in the table. repeated: sequences whose continuation occurs more than once.
    too_short: sequences left out because they are shorter than prompt and continuation.
    """

    rows: int
    repeated: int
    too_short: int


@dataclass(frozen=True)
class DuplicateCounting:
    """A count of the continuations of `sequences` in `corpus`.

    prompt_tokens, continuation_tokens: where the continuation lies; see `filters.continuation`.
    window_tokens: further numbers of tokens at the end of the sequences to count, at most those of both together.
    directory: for the table and for intermediate files. strategy: None to choose by the number of sequences.
    hash_bits: for tests; fewer bits make hashes collide. record: written into the table.
    """

    corpus: Corpus
    sequences: Corpus
    prompt_tokens: int
    continuation_tokens: int
    directory: AnyPath
    strategy: Strategy | None = None
    hash_bits: int = HASH_BITS
    record: CountedFor | None = None
    window_tokens: tuple[int, ...] = ()

    @property
    def lengths(self) -> dict[str, int]:
        """The tokens at the end of a sequence that each column counts."""
        return {"counts": self.continuation_tokens} | {f"counts_{tokens}": tokens for tokens in self.window_tokens}

    def run(self, spark: SparkSession, table: str, rows_done: Accumulator[int]) -> DuplicateCounts:
        """Write `index` and the columns of `lengths` for every sequence that is long enough, ordered by `index`.

        Raise UserError if ids of the sequences repeat, or if all sequences are too short.
        """
        require_unique_ids(spark, self.sequences)
        written = self._write_ends(spark)
        too_short = written.counts.get("sequences", 0) - written.rows
        if too_short and not written.rows:
            needed = self.prompt_tokens + self.continuation_tokens
            raise UserError(
                f"{self.sequences.source}: expected sequences of at least {needed} tokens, prompt and continuation; "
                f"found {too_short:,} that are all shorter.\nGive fewer --prompt_tokens or --continuation_tokens."
            )
        if (self.strategy or choose_strategy(written.rows)) == "broadcast":
            rows, repeated = self._broadcast(spark, table, rows_done)
        else:
            rows, repeated = self._shuffle(spark, written.rows, table, rows_done)
        return DuplicateCounts(rows, repeated, too_short)

    def _write_ends(self, spark: SparkSession) -> WrittenFrame:
        """Write the last tokens of each sequence to intermediate files; the driver or Spark reads them back."""
        needed, width = self.prompt_tokens + self.continuation_tokens, max(self.lengths.values())

        def cut(batch: CorpusBatch) -> tuple[pa.Table, dict[str, int]]:
            rows, ends = cut_ends(batch.tokens, needed)
            columns = {"index": batch.sequence_ids[rows], "end": as_binary(ends[:, -width:].astype(np.int32))}
            return pa.table(columns), {"sequences": len(batch.sequence_ids)}

        with phase(spark, "cut the ends of the sequences"):
            return write_parts(spark, self.sequences, cut, self.directory, "ends")

    def _broadcast(self, spark: SparkSession, table: str, rows_done: Accumulator[int]) -> tuple[int, int]:
        sequences = pa.concat_tables([ENDS.empty_table(), *map(_read, self._files())])
        ends, columns = self._ends(sequences), {"index": sequences["index"]}
        for name, length in self.lengths.items():
            windows, window_of_row = index_windows(ends[:, -length:], self.hash_bits)
            counts = self._count_places(spark, windows, self._rows_done(name, rows_done))
            columns[name] = pa.array(counts[window_of_row])
        counted = pa.table(columns).sort_by("index")
        write_one_file(counted, self.directory, table, self.record)
        return len(counted), _repeated(counted)["repeated"]

    def _rows_done(self, name: str, rows_done: Accumulator[int]) -> Accumulator[int] | None:
        """Return what counts the rows of the corpus: only in the last pass, so that none counts twice."""
        return rows_done if name == list(self.lengths)[-1] else None

    def _count_places(
        self, spark: SparkSession, windows: Windows, rows_done: Accumulator[int] | None
    ) -> NDArray[np.int64]:
        """Return the number of places in the corpus where each window occurs: int64, shape (windows,)."""
        shared = spark.sparkContext.broadcast(windows)

        def count(batches: Iterator[CorpusBatch]) -> Iterator[pa.RecordBatch]:
            places = np.zeros(len(shared.value.hashes), np.int64)
            for batch in batches:
                count_windows(batch.tokens, shared.value, places)
            yield from in_chunks(places)

        with phase(spark, READ_CORPUS):
            counts = add_up_counts(map_parts(spark, self.corpus, count, COUNTS, rows_done), len(windows.hashes))
        shared.destroy()
        return counts

    def _shuffle(self, spark: SparkSession, sequences: int, table: str, rows_done: Accumulator[int]) -> tuple[int, int]:
        from pyspark.sql import functions as F  # noqa: N812

        frame = spark.read.parquet(*map(escape_glob, self._files()))
        for name, length in self.lengths.items():
            passing = self._passing_windows(spark, sequences, length, self._rows_done(name, rows_done))
            counted = passing.groupBy("window").agg(F.sum("places").alias(name))
            window = F.substring("end", -length * BYTES_A_TOKEN, length * BYTES_A_TOKEN)
            frame = frame.withColumn("window", window).join(counted, "window", "left").drop("window").na.fill(0, [name])
        joined = frame.select("index", *self.lengths)
        in_order = joined.repartitionByRange("index").sortWithinPartitions("index")
        with phase(spark, READ_CORPUS):
            written = write_frame(in_order, self.directory, table, _repeated, self.record)
        return written.rows, written.counts.get("repeated", 0)

    def _passing_windows(
        self, spark: SparkSession, windows: int, length: int, rows_done: Accumulator[int] | None
    ) -> DataFrame:
        """Return `window`, `places`: the windows of the corpus that pass the filter, and their number per batch."""
        seen, hash_bits = make_filter(windows, LARGEST_FILTER_BITS), self.hash_bits
        for path in self._files():
            add_to_filter(self._ends(_read(path))[:, -length:], seen, hash_bits)
        shared = spark.sparkContext.broadcast(seen)

        def find(batches: Iterator[CorpusBatch]) -> Iterator[pa.RecordBatch]:
            for batch in batches:
                for windows in windows_that_pass(batch.tokens, length, shared.value, hash_bits):
                    grouped = pa.table({"window": as_binary(windows)}).group_by("window").aggregate([([], "count_all")])
                    yield from grouped.rename_columns(["window", "places"]).to_batches()

        return map_parts(spark, self.corpus, find, "window binary, places long", rows_done)

    def _files(self) -> list[AnyPath]:
        return sorted((self.directory / "ends").rglob("*.parquet"), key=str)

    def _ends(self, sequences: pa.Table) -> NDArray[np.int32]:
        return from_binary(sequences["end"], max(self.lengths.values()))


def _read(path: AnyPath) -> pa.Table:
    filesystem, name = arrow_location(path)
    return pq.read_table(name, filesystem=filesystem)


def _repeated(table: pa.Table) -> dict[str, int]:
    return {"repeated": pc.sum(pc.greater(table["counts"], 1)).as_py() or 0}
