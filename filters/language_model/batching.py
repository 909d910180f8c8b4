"""Group sequences of similar length into batches with a bounded number of tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Found = TypeVar("Found")
NO_MEMORY = "can't allocate memory"  # torch's message on a CPU


def cut_batches(lengths: NDArray[np.int64], tokens_a_batch: int) -> Iterator[NDArray[np.int64]]:
    """Yield the positions of each batch's sequences, the longest first, so that lack of memory shows at once.

    lengths: in tokens, shape (rows,). A batch has at most `tokens_a_batch` tokens with padding, or one sequence.
    """
    order = np.argsort(-lengths, kind="stable")
    start = 0
    while start < len(order):
        rows = max(1, tokens_a_batch // max(1, int(lengths[order[start]])))
        yield order[start : start + rows]
        start += rows


def run_halving_on_lack_of_memory(work: Callable[[NDArray[np.int64]], Found], rows: NDArray[np.int64]) -> list[Found]:
    """Return the results of `work` on the rows; on lack of memory, halve the rows and try again, in order."""
    try:
        return [work(rows)]
    except (RuntimeError, MemoryError) as error:
        if len(rows) == 1 or not _is_out_of_memory(error):
            raise
    # Outside of the handler, which would keep the failed allocations alive.
    return [found for half in np.array_split(rows, 2) for found in run_halving_on_lack_of_memory(work, half)]


def _is_out_of_memory(error: Exception) -> bool:
    return type(error).__name__ in ("OutOfMemoryError", "MemoryError") or NO_MEMORY in str(error)
