"""Count how often a corpus holds each token id, in memorized sequences and in the others."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from filters.compiled import compiled
from filters.contract import RaggedArray
from filters.kernel_input import read_only, read_only_rows

MEMORIZED, REST = 1, 0  # the rows of the counts


def count_tokens(corpus: RaggedArray, is_memorized: NDArray[np.bool_], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return `counts` with the tokens of the rows added; a larger array if a token id is new.

    is_memorized: shape (rows,). counts: shape (2, token ids), its rows by whether a sequence is memorized.
    """
    largest = int(corpus.values.max()) if len(corpus.values) else -1
    if largest >= counts.shape[1]:
        counts = np.pad(counts, ((0, 0), (0, largest + 1 - counts.shape[1])))
    rows = read_only_rows(corpus, corpus.values.dtype)
    _count(rows.values, rows.offsets, read_only(is_memorized, np.bool_), counts)
    return counts


@compiled
def _count(
    values: NDArray[np.generic],
    offsets: NDArray[np.int64],
    is_memorized: NDArray[np.bool_],
    counts: NDArray[np.int64],
) -> None:
    """Add to `counts`, which must have a column for every token id."""
    for row in range(len(offsets) - 1):
        of_row = counts[MEMORIZED if is_memorized[row] else REST]
        for place in range(offsets[row], offsets[row + 1]):
            of_row[values[place]] += 1
