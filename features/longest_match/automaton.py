"""A suffix automaton of sequences, built by compiled loops.

It is the smallest automaton that accepts every run of consecutive tokens of the sequences (Blumer et al. 1985). A state
stands for the runs that end at the same places of the sequences.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from filters.compiled import compiled
from filters.hashing import mix

# Columns of the states: the length of the longest run; the state of the longest run that it ends with and that ends at
# more places; the newest transition.
LENGTH, LINK, NEWEST = 0, 1, 2
# Columns of the transitions: the states that they lead from and to, the token, and the next older one of the state.
SOURCE, TARGET, TOKEN, OLDER = 0, 1, 2, 3
STATES, TRANSITIONS = 0, 1  # the elements of `used`
ROOT, NONE = 0, -1


class Automaton(NamedTuple):
    """States and transitions, int32, one a row. The first state is that of the empty run.

    slots: int32, a power of two of them: a hash table of the transitions by state and token.
    seed: hashed with every key. used: int64, shape (2,): the numbers of states and transitions.
    """

    states: NDArray[np.int32]
    transitions: NDArray[np.int32]
    slots: NDArray[np.int32]
    seed: np.uint64
    used: NDArray[np.int64]


@compiled
def add_rows(values: NDArray[np.int32], offsets: NDArray[np.int64], automaton: Automaton) -> None:
    """Add the rows to an automaton with room for them."""
    for row in range(len(offsets) - 1):
        state = ROOT
        for place in range(offsets[row], offsets[row + 1]):
            state = _append(state, values[place], automaton)


@njit
def _append(last: int, token: np.int32, automaton: Automaton) -> int:
    """Add a token behind the run of state `last`; return the state of the longer run."""
    states, transitions = automaton.states, automaton.transitions
    length = states[last, LENGTH] + 1
    found = find(last, token, automaton)
    if found != NONE:
        target = transitions[found, TARGET]
        return target if states[target, LENGTH] == length else _split(last, target, token, automaton)
    new = _add_state(length, ROOT, automaton)
    state = last
    while state != NONE and find(state, token, automaton) == NONE:
        _connect(state, new, token, automaton)
        state = states[state, LINK]
    if state != NONE:
        target = transitions[find(state, token, automaton), TARGET]
        if states[target, LENGTH] != states[state, LENGTH] + 1:
            target = _split(state, target, token, automaton)
        states[new, LINK] = target
    return new


@njit
def _split(state: int, target: int, token: np.int32, automaton: Automaton) -> int:
    """Give the shorter runs of `target`, those that `state` reaches by the token, a state of their own; return it."""
    states, transitions = automaton.states, automaton.transitions
    part = _add_state(states[state, LENGTH] + 1, states[target, LINK], automaton)
    copied = states[target, NEWEST]
    while copied != NONE:
        _connect(part, transitions[copied, TARGET], transitions[copied, TOKEN], automaton)
        copied = transitions[copied, OLDER]
    states[target, LINK] = part
    while state != NONE:
        found = find(state, token, automaton)
        if found == NONE or transitions[found, TARGET] != target:
            break
        transitions[found, TARGET] = part
        state = states[state, LINK]
    return part


@njit
def _add_state(length: int, link: int, automaton: Automaton) -> int:
    new = automaton.used[STATES]
    automaton.used[STATES] += 1
    state = automaton.states[new]
    state[LENGTH], state[LINK], state[NEWEST] = length, link, NONE
    return new


@njit
def _connect(source: int, target: int, token: np.int32, automaton: Automaton) -> None:
    slots, new = automaton.slots, automaton.used[TRANSITIONS]
    automaton.used[TRANSITIONS] += 1
    transition = automaton.transitions[new]
    transition[SOURCE], transition[TARGET], transition[TOKEN] = source, target, token
    transition[OLDER] = automaton.states[source, NEWEST]
    automaton.states[source, NEWEST] = new
    slot = _slot(source, token, automaton)
    while slots[slot] != NONE:
        slot = (slot + np.uint64(1)) & np.uint64(len(slots) - 1)
    slots[slot] = new


@njit
def find(state: int, token: np.int32, automaton: Automaton) -> int:
    """Return the transition of a state by a token; NONE if it has none."""
    slots, transitions = automaton.slots, automaton.transitions
    slot = _slot(state, token, automaton)
    while slots[slot] != NONE:
        found = slots[slot]
        if transitions[found, SOURCE] == state and transitions[found, TOKEN] == token:
            return found
        slot = (slot + np.uint64(1)) & np.uint64(len(slots) - 1)
    return NONE


@njit(inline="always")
def _slot(state: int, token: np.int32, automaton: Automaton) -> np.uint64:
    key = np.uint64(state) << np.uint64(32) | np.uint64(np.uint32(token))
    return mix(key ^ automaton.seed) & np.uint64(len(automaton.slots) - 1)
