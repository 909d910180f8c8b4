"""Group sequences of similar length into batches with a bounded number of tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Found = TypeVar("Found")
# In the messages of errors that have no type of their own: of torch on a CPU, of CUDA, and of its library cuBLAS.
NO_MEMORY = ("can't allocate memory", "CUDA error: out of memory", "CUBLAS_STATUS_ALLOC_FAILED")


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
    _release_freed_memory()
    return [found for half in np.array_split(rows, 2) for found in run_halving_on_lack_of_memory(work, half)]


def _release_freed_memory() -> None:
    """Return the memory that torch keeps for its next tensors to the GPU, where CUDA's libraries may lack it."""
    import torch  # takes seconds to import, so only where a model has already run

    torch.cuda.empty_cache()  # does nothing without a GPU


def _is_out_of_memory(error: Exception) -> bool:
    return type(error).__name__ in ("OutOfMemoryError", "MemoryError") or any(each in str(error) for each in NO_MEMORY)
