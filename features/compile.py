"""Compiles what counts in a corpus once, into numba's cache on disk, so that the first run need not.

`python -m features.compile`; `make setup` calls it.
"""

from __future__ import annotations

import numpy as np

from features.token_counts import count_tokens
from features.windows import add_to_filter, count_windows, index_windows
from filters.contract import RaggedArray

TOKEN_TYPES = (np.uint16, np.int32)  # of Pythia's corpus, and of tables


def compile_features() -> None:
    """Counts two windows, and their tokens, in a corpus of one row, of each type that corpora mostly have."""
    windows, _ = index_windows(np.array([[1, 2], [2, 1]], np.int32))
    add_to_filter(windows.tokens, windows.seen)
    for token_type in TOKEN_TYPES:
        corpus = RaggedArray(np.array([1, 2, 1], token_type), np.array([0, 3]))
        count_windows(corpus, windows, np.zeros(2, np.int64))
        count_tokens(corpus, np.zeros(1, np.bool_), np.zeros((2, 0), np.int64))


if __name__ == "__main__":
    compile_features()
