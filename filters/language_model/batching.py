"""Which sequences go through the model together: of like lengths, and no more than so many tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Found = TypeVar("Found")
NO_MEMORY = "can't allocate memory"  # as torch says it of a CPU


def cut_batches(lengths: NDArray[np.int64], tokens_a_batch: int) -> Iterator[NDArray[np.int64]]:
    """The positions of the sequences of each batch, the longest first, so that what does not fit is known at once.

    lengths: in tokens, shape (rows,). A batch holds at most `tokens_a_batch` tokens, padding counted, or one sequence.
    """
    order = np.argsort(-lengths, kind="stable")
    start = 0
    while start < len(order):
        rows = max(1, tokens_a_batch // max(1, int(lengths[order[start]])))
        yield order[start : start + rows]
        start += rows


def in_parts_that_fit(work: Callable[[NDArray[np.int64]], Found], rows: NDArray[np.int64]) -> list[Found]:
    """What `work` makes of the rows; where memory is too small for all, of their halves, in order, and so on."""
    try:
        return [work(rows)]
    except (RuntimeError, MemoryError) as error:
        if len(rows) == 1 or not _is_out_of_memory(error):
            raise
    # Outside of the handler, which keeps what was allocated alive.
    return [found for half in np.array_split(rows, 2) for found in in_parts_that_fit(work, half)]


def _is_out_of_memory(error: Exception) -> bool:
    return type(error).__name__ in ("OutOfMemoryError", "MemoryError") or NO_MEMORY in str(error)
