"""Compiled loops of `features.longest_match.matching`: match a corpus in the automaton of the sequences."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from features.longest_match.automaton import LENGTH, LINK, NONE, ROOT, TARGET, Automaton, find
from filters.compiled import compiled


@compiled
def match(
    values: NDArray[np.generic], offsets: NDArray[np.int64], automaton: Automaton, longest: NDArray[np.int32]
) -> None:
    """Add the matches of corpus rows to `longest`, shape (states, 2).

    A match is the longest run of the sequences that ends at a place of the corpus. Its state keeps the lengths of its
    two longest matches.
    """
    states, transitions = automaton.states, automaton.transitions
    for row in range(len(offsets) - 1):
        state, length = ROOT, 0
        for place in range(offsets[row], offsets[row + 1]):
            token = np.int32(values[place])
            found = find(state, token, automaton)
            while found == NONE and state != ROOT:
                state = states[state, LINK]
                length = states[state, LENGTH]
                found = find(state, token, automaton)
            if found != NONE:
                state, length = transitions[found, TARGET], length + 1
                _keep(longest, state, length)


@compiled
def spread(automaton: Automaton, longest: NDArray[np.int32]) -> None:
    """Change the matches of each state into the lengths of its longest runs that the corpus holds once, and twice.

    A match of a run is also one of every run that it ends with. If the corpus holds no run of the state, the lengths
    are those of the longest run that all of them end with.
    """
    states = automaton.states
    order = _by_length(states)
    for i in range(len(order) - 1, 0, -1):
        link = states[order[i], LINK]
        for k in range(2):
            if link != ROOT and longest[order[i], k] > 0:
                _keep(longest, link, min(longest[order[i], k], states[link, LENGTH]))
    for i in range(1, len(order)):
        link = states[order[i], LINK]
        for k in range(2):
            longest[order[i], k] = max(longest[order[i], k], longest[link, k])


@compiled
def longest_of_rows(
    values: NDArray[np.int32], offsets: NDArray[np.int64], automaton: Automaton, longest: NDArray[np.int32]
) -> NDArray[np.int32]:
    """Return the lengths of each row's longest runs that the corpus holds once, and twice; shape (rows, 2).

    The rows are the sequences. longest: after `spread`.
    """
    found = np.zeros((len(offsets) - 1, 2), np.int32)
    for row in range(len(offsets) - 1):
        state = ROOT
        for place in range(offsets[row], offsets[row + 1]):
            state = automaton.transitions[find(state, values[place], automaton), TARGET]
            for k in range(2):
                found[row, k] = max(found[row, k], longest[state, k])
    return found


@njit(inline="always")
def _keep(longest: NDArray[np.int32], state: int, length: int) -> None:
    if length > longest[state, 0]:
        longest[state, 1] = longest[state, 0]
        longest[state, 0] = length
    elif length > longest[state, 1]:
        longest[state, 1] = length


@njit
def _by_length(states: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return the states in the order of their lengths, the root first; a counting sort."""
    starts = np.zeros(states[:, LENGTH].max() + 2, np.int64)
    for state in range(len(states)):
        starts[states[state, LENGTH] + 1] += 1
    starts = np.cumsum(starts)
    order = np.empty(len(states), np.int64)
    for state in range(len(states)):
        order[starts[states[state, LENGTH]]] = state
        starts[states[state, LENGTH]] += 1
    return order
