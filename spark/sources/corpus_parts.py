"""A training corpus as parts that tasks read by themselves, each a stream of batches: no row passes through Java."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from filters.contract import RaggedArray
from spark.storage.paths import AnyPath

TOKENS_A_BATCH = 1 << 22  # 8 MB of 16-bit tokens; what a task holds of the corpus at a time
ROWS_A_BATCH = 10_000  # of tables, whose rows say how long they are only when they are read
SMALLEST_PART, LARGEST_PART = 4 << 20, 256 << 20  # bytes: long enough to be worth a task, short enough to try again
PARTS_A_CORE = 4


class CorpusBatch(NamedTuple):
    """Some rows of a corpus, in their order.

    sequence_ids: int64, shape (rows,). tokens: of any unsigned type, or int32 of which none is negative.
    """

    sequence_ids: NDArray[np.int64]
    tokens: RaggedArray


class CopiedPart(NamedTuple):
    """A file that was written: its name with its ending, and its rows."""

    file: str
    rows: int


class CorpusPart(Protocol):
    """Some rows of a corpus, in the form that travels to a worker."""

    def batches(self) -> Iterator[CorpusBatch]:
        """The rows, batch by batch; raises UserError, which names the file, for one that cannot be read."""

    def copy_without(self, removed: NDArray[np.int64], directory: AnyPath, name: str) -> CopiedPart:
        """Writes the rows, all that the files hold of them, but for those at some positions, into a new file.

        removed: positions among the rows of the part, in ascending order. name: of the file, without its ending.
        """


@dataclass(frozen=True)
class Corpus:
    """A corpus, or sequences that are asked for, found and described.

    source: where it is. rows: how many, None where it takes reading them. bytes: of its files.
    has_ids: whether its rows come with ids; else a row's id is its number.
    """

    source: str
    parts: tuple[CorpusPart, ...]
    rows: int | None
    bytes: int
    has_ids: bool = False


def is_kept(removed: NDArray[np.int64], start: int, stop: int) -> NDArray[np.bool_]:
    """Which of the positions from `start` to `stop` are not among those removed, shape (stop - start,)."""
    kept = np.ones(stop - start, np.bool_)
    first, last = np.searchsorted(removed, [start, stop])
    kept[removed[first:last] - start] = False
    return kept


def part_bytes(total: int, cores: int) -> int:
    """How many bytes a part has, so that every core has several parts, and none is very short or very long."""
    return min(LARGEST_PART, max(SMALLEST_PART, total // (PARTS_A_CORE * cores)))
