"""Exact counts of how often the continuation of each sequence occurs in the corpus."""

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

WINDOWS = pa.schema([("index", pa.int64()), ("window", pa.binary())])
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

    def run(self, spark: SparkSession, table: str, rows_done: Accumulator[int]) -> DuplicateCounts:
        """Write `index`, `counts` of every sequence that is long enough, ordered by `index`.

        Raise UserError if ids of the sequences repeat, or if all sequences are too short.
        """
        require_unique_ids(spark, self.sequences)
        written = self._write_windows(spark)
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

    def _write_windows(self, spark: SparkSession) -> WrittenFrame:
        """Write the continuation of each sequence to intermediate files; the driver or Spark reads them back."""
        prompt_tokens, length = self.prompt_tokens, self.prompt_tokens + self.continuation_tokens

        def cut(batch: CorpusBatch) -> tuple[pa.Table, dict[str, int]]:
            rows, ends = cut_ends(batch.tokens, length)
            windows = ends[:, prompt_tokens:].astype(np.int32)
            columns = {"index": batch.sequence_ids[rows], "window": as_binary(windows)}
            return pa.table(columns), {"sequences": len(batch.sequence_ids)}

        with phase(spark, "cut the continuations of the sequences"):
            return write_parts(spark, self.sequences, cut, self.directory, "windows")

    def _broadcast(self, spark: SparkSession, table: str, rows_done: Accumulator[int]) -> tuple[int, int]:
        sequences = pa.concat_tables([WINDOWS.empty_table(), *map(_read, self._window_files())])
        windows, window_of_row = index_windows(
            from_binary(sequences["window"], self.continuation_tokens), self.hash_bits
        )
        counts = self._count_places(spark, windows, rows_done)[window_of_row]
        counted = pa.table({"index": sequences["index"], "counts": counts}).sort_by("index")
        write_one_file(counted, self.directory, table, self.record)
        return len(counted), int((counts > 1).sum())

    def _count_places(self, spark: SparkSession, windows: Windows, rows_done: Accumulator[int]) -> NDArray[np.int64]:
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

    def _shuffle(self, spark: SparkSession, windows: int, table: str, rows_done: Accumulator[int]) -> tuple[int, int]:
        from pyspark.sql import functions as F  # noqa: N812

        counted = (
            self._passing_windows(spark, windows, rows_done).groupBy("window").agg(F.sum("places").alias("counts"))
        )
        sequences = spark.read.parquet(*map(escape_glob, self._window_files()))
        joined = sequences.join(counted, "window", "left").select(
            "index", F.coalesce("counts", F.lit(0)).alias("counts")
        )
        in_order = joined.repartitionByRange("index").sortWithinPartitions("index")
        with phase(spark, READ_CORPUS):
            written = write_frame(in_order, self.directory, table, _repeated, self.record)
        return written.rows, written.counts.get("repeated", 0)

    def _passing_windows(self, spark: SparkSession, windows: int, rows_done: Accumulator[int]) -> DataFrame:
        """Return `window`, `places`: the windows of the corpus that pass the filter, and their number per batch."""
        seen = make_filter(windows, LARGEST_FILTER_BITS)
        for path in self._window_files():
            add_to_filter(from_binary(_read(path)["window"], self.continuation_tokens), seen, self.hash_bits)
        shared, hash_bits = spark.sparkContext.broadcast(seen), self.hash_bits
        length = self.continuation_tokens

        def find(batches: Iterator[CorpusBatch]) -> Iterator[pa.RecordBatch]:
            for batch in batches:
                for windows in windows_that_pass(batch.tokens, length, shared.value, hash_bits):
                    grouped = pa.table({"window": as_binary(windows)}).group_by("window").aggregate([([], "count_all")])
                    yield from grouped.rename_columns(["window", "places"]).to_batches()

        return map_parts(spark, self.corpus, find, "window binary, places long", rows_done)

    def _window_files(self) -> list[AnyPath]:
        return sorted((self.directory / "windows").rglob("*.parquet"), key=str)


def _read(path: AnyPath) -> pa.Table:
    filesystem, name = arrow_location(path)
    return pq.read_table(name, filesystem=filesystem)


def _repeated(table: pa.Table) -> dict[str, int]:
    return {"repeated": pc.sum(pc.greater(table["counts"], 1)).as_py() or 0}
