"""Find the longest run of consecutive tokens of each sequence that a corpus also holds at another place.

The sequences become a suffix automaton, and the corpus is read through it. Time grows with the tokens of the sequences
plus those of the corpus, memory with those of the sequences: some 70 bytes each, at most 150.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from features.longest_match.automaton import NONE, STATES, Automaton, add_rows
from features.longest_match.kernel import longest_of_rows, match, spread
from filters.contract import RaggedArray
from filters.hashing import draw_seed
from filters.kernel_input import read_only_rows

# Bounds of a suffix automaton of n tokens (Blumer et al. 1985), and slots of which a quarter stays empty.
STATES_A_TOKEN, TRANSITIONS_A_TOKEN, SLOTS_A_TOKEN = 2, 3, 4


def index_runs(sequences: RaggedArray) -> Automaton:
    """Return the automaton of the runs of the sequences, int32 token ids."""
    rows, tokens = read_only_rows(sequences, np.int32), len(sequences.values)
    automaton = Automaton(
        np.empty((STATES_A_TOKEN * tokens + 1, 3), np.int32),
        np.empty((TRANSITIONS_A_TOKEN * tokens + 1, 4), np.int32),
        np.full(1 << (SLOTS_A_TOKEN * tokens).bit_length(), NONE, np.int32),
        draw_seed(),
        np.array([1, 0]),
    )
    automaton.states[0] = (0, NONE, NONE)
    add_rows(rows.values, rows.offsets, automaton)
    states, transitions = automaton.used
    return automaton._replace(
        states=automaton.states[:states].copy(), transitions=automaton.transitions[:transitions].copy()
    )


def no_matches(automaton: Automaton) -> NDArray[np.int32]:
    """Return the matches of an empty corpus: int32, shape (states, 2)."""
    return np.zeros((automaton.used[STATES], 2), np.int32)


def add_matches(corpus: RaggedArray, automaton: Automaton, longest: NDArray[np.int32]) -> None:
    """Add the matches of corpus rows, none of which crosses the end of a row, to `longest`, shape (states, 2).

    corpus: token ids of any unsigned type, or non-negative int32.
    """
    rows = read_only_rows(corpus, corpus.values.dtype)
    match(rows.values, rows.offsets, automaton, longest)


def merge_matches(one: NDArray[np.int32], other: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return the matches of two parts of a corpus together: the two longest of each state; shape (states, 2)."""
    first = np.maximum(one[:, 0], other[:, 0])
    second = np.minimum(one[:, 0], other[:, 0])
    return np.column_stack([first, np.maximum(second, np.maximum(one[:, 1], other[:, 1]))])


def longest_matches(sequences: RaggedArray, automaton: Automaton, longest: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return the tokens of each sequence's longest run that the corpus also holds at another place; shape (rows,).

    If the corpus holds the whole sequence, one of the places is its own, and the run must be held twice.
    longest: the matches of the whole corpus.
    """
    rows, matches = read_only_rows(sequences, np.int32), longest.copy()
    spread(automaton, matches)
    once, twice = longest_of_rows(rows.values, rows.offsets, automaton, matches).T
    return np.where(once == np.diff(rows.offsets), twice, once)
