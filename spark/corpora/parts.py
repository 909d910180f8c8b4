"""A training corpus as parts that tasks read by themselves, each a stream of batches: no row passes through Java."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from filters.contract import RaggedArray

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


class CorpusPart(Protocol):
    """Some rows of a corpus, in the form that travels to a worker."""

    def batches(self) -> Iterator[CorpusBatch]:
        """The rows, batch by batch; raises UserError, which names the file, for one that cannot be read."""


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


def part_bytes(total: int, cores: int) -> int:
    """How many bytes a part has, so that every core has several parts, and none is very short or very long."""
    return min(LARGEST_PART, max(SMALLEST_PART, total // (PARTS_A_CORE * cores)))
