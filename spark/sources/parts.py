"""A part of a source: consecutive rows that one task reads by itself, without passing a row through Java."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from spark.sources.internal_columns import LINE_REASON
from spark.sources.token_reader import CorpusBatch, TokenReader
from spark.storage.paths import AnyPath
from utils import UserError, printable

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

ROWS_A_BATCH = 10_000
SMALLEST_PART, LARGEST_PART = 4 << 20, 256 << 20  # bytes: long enough to be worth a task, short enough to retry
PARTS_A_CORE = 4


class CopiedPart(NamedTuple):
    """A file that was written: its name with its suffix, and its number of rows."""

    file: str
    rows: int


@dataclass(frozen=True)
class Part(ABC):
    """Consecutive rows of one file, in the form that travels to a worker.

    path: the file, for messages. rows: the number of rows; None if it takes reading them.
    """

    path: AnyPath
    rows: int | None

    @abstractmethod
    def batches(self, names: Sequence[str] | None = None, rows: int = ROWS_A_BATCH) -> Iterator[pa.RecordBatch]:
        """Yield the rows in batches of at most `rows`; raise UserError, with the file's name, if it is damaged.

        names: the columns to read, in the types of the source's schema; None for all of them. A source that
        rejects rows adds the columns `LINE` and `LINE_REASON`; it ignores what other columns hold if `names` is given.
        """

    @abstractmethod
    def copy_without(self, removed: NDArray[np.int64], directory: AnyPath, name: str) -> CopiedPart:
        """Write the rows with all of their columns, except those at some positions, to a new file in this format.

        removed: positions within the part, in ascending order. name: the name of the file, without its suffix.
        """

    def count_rows(self) -> int:
        """Return the number of rows; read them if it is not known."""
        return sum(map(len, self.batches())) if self.rows is None else self.rows

    def corpus_batches(self, reader: TokenReader, first_row: int) -> Iterator[CorpusBatch]:
        """Yield the ids and tokens of the rows; raise UserError for a row that has none.

        first_row: the number of rows of the source before this part.
        """
        row = first_row
        for batch in self.batches(reader.names):
            require_none_rejected(batch, self.path, row)
            yield reader.batch(batch, row, self.path)
            row += len(batch)


def require_none_rejected(batch: pa.RecordBatch, path: AnyPath, first_row: int | None = None) -> None:
    """Raise UserError if a row is rejected. first_row: the number of rows before it, to count lines from."""
    if LINE_REASON not in batch.schema.names:
        return
    for place, reason in enumerate(batch[LINE_REASON].to_pylist()):
        if reason is not None:
            line = "" if first_row is None else f"line {first_row + place + 1}: "
            raise UserError(f"{printable(str(path))}: {line}{printable(reason)}.")


def rows_before(parts: Sequence[Part]) -> list[int] | None:
    """Return how many rows lie before each part; None if that takes reading them."""
    rows = [0 if part.rows is None else part.rows for part in parts[:-1]]
    return None if any(part.rows is None for part in parts[:-1]) else list(accumulate(rows, initial=0))


def count_rows_before(spark: SparkSession, parts: Sequence[Part]) -> list[int]:
    """Return how many rows lie before each part; let Spark count the rows, one task per part, if needed."""
    known = rows_before(parts)
    if known is not None:
        return known

    def count(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for number in part_numbers(batches):
            yield pa.RecordBatch.from_pydict({"part": [number], "rows": [parts[number].count_rows()]})

    tasks = spark.range(0, len(parts), 1, len(parts))
    counted = {row[0]: row[1] for row in tasks.mapInArrow(count, "part long, rows long").collect()}
    return list(accumulate((counted[number] for number in range(len(parts) - 1)), initial=0))


def part_numbers(batches: Iterator[pa.RecordBatch]) -> Iterator[int]:
    """Yield the numbers of the parts that a task of `spark.range` reads."""
    for batch in batches:
        yield from batch["id"].to_pylist()


def is_kept(removed: NDArray[np.int64], start: int, stop: int) -> NDArray[np.bool_]:
    """Return whether each position from `start` to `stop` is kept, shape (stop - start,)."""
    kept = np.ones(stop - start, np.bool_)
    first, last = np.searchsorted(removed, [start, stop])
    kept[removed[first:last] - start] = False
    return kept


def part_bytes(total: int, cores: int) -> int:
    """Return the size of a part, in bytes, such that every core gets several parts of a reasonable length."""
    return min(LARGEST_PART, max(SMALLEST_PART, total // (PARTS_A_CORE * cores)))
