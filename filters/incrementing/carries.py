"""Detect carries of counters: 00:59 to 01:00, 30.11 to 1.12, December 1999 to January 2000."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from filters.compiled import compiled
from filters.incrementing.names import cycle
from filters.incrementing.numerals import UNREADABLE
from filters.incrementing.records import steps_between
from filters.incrementing.tokens import Token

# How a number changes from one record to the next.
_AS_BEFORE, _GOES_AROUND, _IS_CARRIED, _NEITHER = 0, 1, 2, 4


@compiled
def carries(tokens: NDArray[np.void], count: int, begin: int, i: int, record: int) -> bool:
    """Return whether the run from `begin` continues at token i by a carry, although the step changes there.

    One number must wrap around, as minutes, hours, days, months and the names of months and weekdays do. Another must
    advance by one more than before, in the counting direction of the first. The others must keep their steps. Tokens
    before i must have the steps of the run.
    """
    for direction in (1, -1):
        found = _AS_BEFORE
        for away in range(2 * record - 1):
            k = i + away if away < record else i + record - 1 - away
            if begin <= k - record and k + record < count:
                change = _change(tokens[k - record], tokens[k], tokens[k + record], direction)
                if change != _NEITHER:
                    found |= change
                elif k + record < count - 1:  # the last token may be cut off
                    found = _NEITHER
                    break
        if found == _GOES_AROUND | _IS_CARRIED:
            return True
    return False


@compiled
def _change(before: Token, token: Token, other: Token, direction: int) -> int:
    step, other_step = steps_between(token, other)
    is_as_before = other_step == before.second_step
    if UNREADABLE in (step, before.first_step) or (is_as_before and other_step != UNREADABLE):
        return _AS_BEFORE if is_as_before else _NEITHER
    further = (step - before.first_step) * direction
    if further == 0:
        is_name_around = cycle(token.alphabet) > 0 and step * direction > 0 > (other.first - token.first) * direction
        return _GOES_AROUND if is_name_around else _AS_BEFORE
    # As between names, the shorter way around: a step of -24 days followed by 7 is not a step back over a month of 31.
    if 0 < 2 * before.first_step * direction <= -further and _is_around(token, other, -further):
        return _GOES_AROUND
    return _IS_CARRIED if further == 1 or _is_around(token, other, 1 - further) else _NEITHER


@compiled
def _is_around(token: Token, other: Token, cycle_length: int) -> bool:
    """Return whether both numbers fit a cycle of that length: months, hours, minutes and seconds, or days."""
    is_known_length = cycle_length in (12, 24, 60) or 28 <= cycle_length <= 31
    return is_known_length and min(token.first, other.first) >= 0 and max(token.first, other.first) <= cycle_length
