"""Which sequences go through the model together: of like lengths, and no more than so many tokens."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray


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
