"""Compile the counting and comparing loops of the features into numba's cache, so that the first run starts fast.

`make setup` runs `python -m features.compile`.
"""

from __future__ import annotations

import numpy as np

from features.exact_duplicates.windows import add_to_filter, count_windows, index_windows
from features.longest_match.matching import add_matches, index_runs, longest_matches, no_matches
from features.near_duplicates.in_memory import near_duplicates_in_memory
from features.token_counts import count_tokens
from filters.contract import RaggedArray

TOKEN_TYPES = (np.uint16, np.int32)  # of Pythia's corpus, and of tables


def compile_features() -> None:
    """Count two windows, and tokens, in a corpus of one row, for each common token type of corpora; match it.

    Also compare three short rows, two of which are near duplicates but not equal.
    """
    windows, _ = index_windows(np.array([[1, 2], [2, 1]], np.int32))
    add_to_filter(windows.tokens, windows.seen)
    for token_type in TOKEN_TYPES:
        corpus = RaggedArray(np.array([1, 2, 1], token_type), np.array([0, 3]))
        count_windows(corpus, windows, np.zeros(2, np.int64))
        count_tokens(corpus, np.zeros(1, np.bool_), np.zeros((2, 0), np.int64))
        automaton = index_runs(corpus)
        longest = no_matches(automaton)
        add_matches(corpus, automaton, longest)
        longest_matches(corpus, automaton, longest)
    near_duplicates_in_memory(RaggedArray(np.array([1, 1, 1, 1, 1, 2], np.int32), np.array([0, 2, 5, 6])), 1.0, 2)


if __name__ == "__main__":
    compile_features()
