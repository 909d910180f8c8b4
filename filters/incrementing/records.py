"""Find the record lengths at which a text's tokens count up or down."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from filters.compiled import compiled
from filters.incrementing.names import cycle
from filters.incrementing.numerals import TEXT, UNREADABLE
from filters.incrementing.tokens import Token


@compiled
def find_records(
    tokens: NDArray[np.void],
    count: int,
    countable: NDArray[np.int64],
    longest: int,
    is_record: NDArray[np.bool_],
) -> bool:
    """Mark the record lengths at which three terms stand in a frame; return whether there is one."""
    is_record[:] = False
    any_found = False
    for a in range(len(countable) - 2):
        i = countable[a]
        for b in range(a + 1, len(countable) - 1):
            j = countable[b]
            last = 2 * j - i
            if j - i > longest or last >= count:
                break
            if not is_record[j - i] and _in_progression(tokens[i], tokens[j], tokens[last]):
                is_record[j - i] = _is_framed(tokens, i, j)
                any_found |= is_record[j - i]
    return any_found


@compiled
def has_new_triple(tokens: NDArray[np.void], count: int, countable: NDArray[np.int64], record: int) -> bool:
    """Return whether three terms in a frame exist that are not all covered yet."""
    for i in countable:
        j, last = i + record, i + 2 * record
        if last >= count:
            return False
        is_new = 0 in (tokens[i].covering_record, tokens[j].covering_record, tokens[last].covering_record)
        if is_new and _in_progression(tokens[i], tokens[j], tokens[last]) and _is_framed(tokens, i, j):
            return True
    return False


@compiled
def _in_progression(token: Token, second: Token, third: Token) -> bool:
    if token.alphabet != second.alphabet or token.alphabet != third.alphabet or token.key == second.key:
        return False
    step, other_step = steps_between(token, second)
    next_step, other_next_step = steps_between(second, third)
    return is_count(step if step == next_step else 0, other_step if other_step == other_next_step else 0)


@compiled
def _is_framed(tokens: NDArray[np.void], i: int, j: int) -> bool:
    """Return whether each token between i and j equals, or may count up to, the token as far behind j."""
    for k in range(1, j - i):
        token, next_token = tokens[i + k], tokens[j + k]
        if token.key != next_token.key and (token.alphabet == TEXT or token.alphabet != next_token.alphabet):
            return False
    return True


@compiled
def steps_between(token: Token, other: Token) -> tuple[int, int]:
    """Return the differences of the two values from one token to the other; UNREADABLE if either lacks the value.

    Between names of a cycle, the shorter way around counts: from December to January is one. More than a quarter of the
    cycle is UNREADABLE: with few names, a random order would often make equal steps.
    """
    if token.key == other.key:
        return 0, 0
    first, second = UNREADABLE, UNREADABLE
    if token.alphabet == other.alphabet:
        if token.first != UNREADABLE and other.first != UNREADABLE:
            first = other.first - token.first
            length = cycle(token.alphabet)
            if length > 0:
                back = (length - 1) // 2
                first = (first + back) % length - back
                if abs(first) > length // 4:
                    first = UNREADABLE
        if token.second != UNREADABLE and other.second != UNREADABLE:
            second = other.second - token.second
    return first, second


@compiled
def is_count(first_step: int, second_step: int) -> bool:
    """Return whether one of the two values counts up or down by that step."""
    return (first_step != 0 and first_step != UNREADABLE) or (second_step != 0 and second_step != UNREADABLE)


@compiled
def is_known(token: Token) -> bool:
    """Return whether one of the token's steps is known."""
    return token.first_step != UNREADABLE or token.second_step != UNREADABLE
