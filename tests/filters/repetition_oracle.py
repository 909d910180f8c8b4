"""A slow second implementation of the repetition filter, in plain Python."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from math import log2
from typing import NamedTuple

from filters.repetition.kernel import FEWEST_UNITS_AT_END, MOST_TOKENS_CUT
from filters.repetition.stretches import (
    BITS_OF_A_LEAP,
    BITS_OF_A_SHORT_BREAK,
    LONGEST_SHORT_BREAK,
    MIN_MEAN_STRETCH,
    MIN_STRETCH,
    SURE_REPEATS,
    SYMBOL_AND_SEPARATOR,
    SYMBOL_TOKENS,
    UNITS_OF_A_FRAME,
)

Row = list[int]


class Repetition(NamedTuple):
    offset: int
    number: int
    unit: Row
    coverage: float
    at_end: float


class Stretch(NamedTuple):
    start: int
    stop: int
    place: int  # in the unit


def _match(row: Row, unit: Row, i: int, place: int) -> int:
    length = 0
    while i + length < len(row) and row[i + length] == unit[(place + length) % len(unit)]:
        length += 1
    return length


def stretches(row: Row, unit: Row) -> list[Stretch]:
    """Return the stretches from left to right, by trying every position in the unit at every token."""
    taken, i = [], 0
    while i < len(row):
        length, place = max((_match(row, unit, i, place), -place) for place in range(len(unit)))
        if length >= max(len(unit), MIN_STRETCH):
            taken.append(Stretch(i, i + length, -place))
            i += length
        else:
            i += 1
    return taken


def _cut(row: Row, unit: Row, parts: list[Stretch]) -> list[int]:
    """Return the lengths of the stretches that the edges of the row cut."""
    least, lengths = max(len(unit) / 3, MIN_STRETCH), []
    first = max(_match(row, unit, 0, place) for place in range(len(unit)))
    if first >= least and 0 <= parts[0].start - first <= LONGEST_SHORT_BREAK + 1:
        lengths.append(first)
    for i in range(parts[-1].stop, min(len(row), parts[-1].stop + LONGEST_SHORT_BREAK + 2)):
        reaches_end = any(_match(row, unit, i, place) == len(row) - i for place in range(len(unit)))
        if reaches_end and len(row) - i >= least:
            return [*lengths, len(row) - i]
    return lengths


def candidates(row: Row, most: int, longest_period: int) -> list[Row]:
    """Return the candidate units, by checking every token for every period."""
    seen: dict[tuple[int, int], tuple[int, int]] = {}
    for period in range(1, min(len(row) // 2, longest_period) + 1):
        longest, start, length = 0, 0, 0
        for i in range(period, len(row)):
            length = length + 1 if row[i] == row[i - period] else 0
            if length > longest:
                longest, start = length, i - length + 1 - period
        if longest >= max(period / 3, 2):
            seen.setdefault((start, longest + period), (-longest, period))
    best = sorted((rank, start) for (start, _), rank in seen.items())[:most]
    return [row[start : start + period] for (_, period), start in best]


def _is_leap(one: Stretch, other: Stretch, unit: Row) -> bool:
    replaced = (other.place - one.place - (one.stop - one.start)) % len(unit)
    return not replaced <= other.start - one.stop <= replaced + LONGEST_SHORT_BREAK


def _bits(unit: Row) -> float:
    successors = {token: {b for a, b in pairwise([*unit, unit[0]]) if a == token} for token in unit}
    bits = sum(log2(len(successors[token])) for token in unit)
    return bits + sum(count == 1 for count in Counter(unit).values()) if bits else 0


def is_repetition(row: Row, unit: Row, parts: list[Stretch]) -> bool:
    lengths = [part.stop - part.start for part in parts]
    breaks = [(one, other) for one, other in pairwise(parts)]
    leaps = sum(_is_leap(one, other, unit) for one, other in breaks)
    repeats, whole = sum(lengths) / len(unit), sum(length // len(unit) for length in lengths)
    if breaks and sum(lengths) / len(lengths) < MIN_MEAN_STRETCH:
        return False
    needed = BITS_OF_A_LEAP * (leaps + 1) + BITS_OF_A_SHORT_BREAK * (len(breaks) - leaps)
    if (leaps or repeats < SURE_REPEATS) and _bits(unit) and _bits(unit) * (repeats - 1) < needed:
        return False
    if len(breaks) < 2:
        return True
    are_even = max(lengths) - min(lengths[1:-1]) <= len(unit)
    if len(unit) <= SYMBOL_TOKENS and (leaps or not are_even):
        return False
    contents = {tuple(row[one.stop : other.start]) for one, other in breaks}
    places = {(row[one.stop - 1], row[other.start]) for one, other in breaks}
    is_filled_in = len(places) == 1 and len(contents) > 1
    few_units = whole / len(breaks) < UNITS_OF_A_FRAME or len(unit) <= SYMBOL_AND_SEPARATOR
    return not (is_filled_in and few_units)


def _at_end(row: Row, unit: Row, parts: list[Stretch]) -> float:
    last = parts[-1:]
    for one, other in reversed(list(pairwise(parts))):
        if _is_leap(one, other, unit):
            break
        last.append(one)
    if parts[-1].stop < len(row) - MOST_TOKENS_CUT:
        return 0.0
    if sum((part.stop - part.start) // len(unit) for part in last) < FEWEST_UNITS_AT_END:
        return 0.0
    return sum(part.stop - part.start for part in last) / len(row)


def repetition(row: Row, most_candidates: int, longest_period: int) -> Repetition | None:
    best, result = (0, 0), None
    for unit in candidates(row, most_candidates, longest_period):
        parts = stretches(row, unit)
        whole = sum((part.stop - part.start) // len(unit) for part in parts)
        if whole < 2:
            continue
        lengths = [part.stop - part.start for part in parts] + _cut(row, unit, parts)
        score = (sum(lengths) - len(unit) - (len(lengths) - 1), -len(unit))
        if score[0] > 0 and (score > best or result is None) and is_repetition(row, unit, parts):
            start = parts[0].start
            shown = row[start : start + len(unit)]
            best, result = score, Repetition(start, whole, shown, sum(lengths) / len(row), _at_end(row, unit, parts))
    return result
