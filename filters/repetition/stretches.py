"""The stretches of a row that repeat a unit: what they cover, and whether they are a repetition.

`filters.repetition.filter` defines the terms.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from filters.compiled import compiled

Tokens = NDArray[np.int32]

MIN_STRETCH = 3  # tokens; two equal tokens, such as a doubled line break, are no repetition

# A short break has up to this many tokens more than those of the unit that it replaces, and the unit goes on after it:
# a line break with indentation, or within a word, which is then written in other tokens. Any other break is a leap.
LONGEST_SHORT_BREAK = 4

# Tokens, on average. Shorter stretches are what chance makes of irregular columns of two or three symbols. With 7, no
# repeating row of the sample or of the labelled sequences is lost; with 8, one is.
MIN_MEAN_STRETCH = 7

# What a repetition must save, in bits, so that chance did not make it from a column of two or three symbols: 16 for the
# unit (which tokens, how many) and for each leap, 4 for a short break. Without this test, about 300 more of 1,200
# irregular columns and sparse matrices repeat (`tests/filters/pattern_cases.py`). No labelled sequence is lost.
BITS_OF_A_LEAP = 16
BITS_OF_A_SHORT_BREAK = 4
SURE_REPEATS = 4  # a unit that follows itself so often, without leaps, needs no such proof

# A unit of so few tokens may be one symbol of an irregular column with its separators, such as "0.0, " or "-1.0;\n".
# Its breaks must be as regular as line breaks. Without this test, about 300 more of the same 1,200 texts repeat.
SYMBOL_TOKENS = 6
# A frame is filled in with something else each time: "- 7 - - - 8 - - -". Fewer whole units follow one another than in
# a repetition whose lines are broken within words; a symbol with one separator, as in "7, 0, 0, 0,\n8, 0, 0, 0", has no
# words.
UNITS_OF_A_FRAME = 3
SYMBOL_AND_SEPARATOR = 2


class Stretches(NamedTuple):
    """The stretches of one unit in a row.

    start, stop: token indices of the first one's start and the last one's end; both 0 without one.
    stretches, covered, whole: their number, tokens, and whole units. leaps: the breaks between them that are no short
    breaks.
    are_even: none is longer by more than a unit than the shortest one between two others, as in text with line breaks.
    is_filled_in: all breaks are in the same place of the unit, but not all alike.
    last_covered, last_whole: tokens and whole units after the last leap.
    """

    start: int
    stop: int
    stretches: int
    covered: int
    whole: int
    leaps: int
    are_even: bool
    is_filled_in: bool
    last_covered: int
    last_whole: int


@compiled
def stretches(sequence: Tokens, unit: Tokens, reach: Tokens) -> Stretches:
    """Take the longest stretches of at least a whole unit and `MIN_STRETCH` tokens, from left to right.

    reach: how many tokens from each position match the endless repetition of the unit.
    """
    period, least = len(unit), max(len(unit), MIN_STRETCH)
    count, covered, whole, leaps, last_covered, last_whole = 0, 0, 0, 0, 0, 0
    longest, shortest_inner, length = 0, len(sequence), 0
    first_break, first_break_stop, are_alike, in_one_place = 0, 0, True, True
    i, start, stop = 0, 0, 0
    while i < len(reach):
        if reach[i] < least:
            i += 1
            continue
        if count == 0:
            start = i
        else:
            replaced = (_phase(sequence[i : i + period], unit) - _phase(sequence[stop - period : stop], unit)) % period
            if not replaced <= i - stop <= replaced + LONGEST_SHORT_BREAK:
                leaps, last_covered, last_whole = leaps + 1, 0, 0
        if count == 1:
            first_break, first_break_stop = stop, i
        if count > 1:
            shortest_inner = min(shortest_inner, length)
            are_alike &= np.array_equal(sequence[stop:i], sequence[first_break:first_break_stop])
            in_one_place &= sequence[stop - 1] == sequence[first_break - 1]
            in_one_place &= sequence[i] == sequence[first_break_stop]
        length = reach[i]
        count, covered, whole = count + 1, covered + length, whole + length // period
        last_covered, last_whole = last_covered + length, last_whole + length // period
        longest = max(longest, length)
        i += length
        stop = i
    are_even, is_filled_in = longest <= shortest_inner + period, in_one_place and not are_alike
    return Stretches(start, stop, count, covered, whole, leaps, are_even, is_filled_in, last_covered, last_whole)


@compiled
def is_repetition(unit: Tokens, found: Stretches) -> bool:
    """Return False if chance made the stretches from an irregular column, or if they are a frame that is filled in."""
    period, breaks = len(unit), found.stretches - 1
    if breaks > 0 and found.covered < MIN_MEAN_STRETCH * found.stretches:
        return False
    if found.leaps > 0 or found.covered < SURE_REPEATS * period:
        bits = _bits(unit)
        needed = BITS_OF_A_LEAP * (found.leaps + 1) + BITS_OF_A_SHORT_BREAK * (breaks - found.leaps)
        if bits > 0 and bits * (found.covered / period - 1) < needed:
            return False
    if breaks < 2:
        return True
    if period <= SYMBOL_TOKENS and (found.leaps > 0 or not found.are_even):
        return False
    few_units = found.whole < UNITS_OF_A_FRAME * breaks or period <= SYMBOL_AND_SEPARATOR
    return not (found.is_filled_in and few_units)


@compiled
def cut_stretches(reach: Tokens, period: int, start: int, stop: int) -> tuple[int, int]:
    """Return the tokens and number of the stretches before `start` and from `stop` that the row's edges cut.

    They have at least a third of a unit, and only a line break lies between them and the next stretch. Without them,
    the recall on the sample falls from 0.982 to 0.976.
    """
    covered, number = 0, 0
    least = max((period + 2) // 3, MIN_STRETCH)
    if least <= reach[0] <= start <= reach[0] + LONGEST_SHORT_BREAK + 1:
        covered, number = covered + reach[0], number + 1
    for i in range(stop, min(stop + LONGEST_SHORT_BREAK + 2, len(reach) - least + 1)):
        if i + reach[i] == len(reach):
            return covered + reach[i], number + 1
    return covered, number


@compiled
def _phase(window: Tokens, unit: Tokens) -> int:
    """Return the position in the unit where the window begins; it has the unit's length."""
    for phase in range(len(unit)):
        k = 0
        while k < len(unit) and window[k] == unit[(phase + k) % len(unit)]:
            k += 1
        if k == len(unit):
            break
    return phase


@compiled
def _bits(unit: Tokens) -> float:
    """Return the bits that tell the unit apart from a random column of its tokens; 0 if no token has two successors.

    A token that occurs once has one bit; one that occurs again has the logarithm of the number of its successors.
    """
    pairs = np.empty(len(unit), np.int64)
    for k in range(len(unit)):
        pairs[k] = np.int64(unit[k]) << 32 | np.int64(unit[(k + 1) % len(unit)])
    pairs.sort()
    bits, single, i = 0.0, 0, 0
    while i < len(pairs):
        stop, successors = i + 1, 1
        while stop < len(pairs) and pairs[stop] >> 32 == pairs[i] >> 32:
            successors += pairs[stop] != pairs[stop - 1]
            stop += 1
        bits += (stop - i) * np.log2(successors)
        single += stop - i == 1
        i = stop
    return bits + single if bits > 0 else 0.0
