"""Search rows of token ids for a repeated unit; compiled."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from filters.compiled import compiled
from filters.repetition.stretches import MIN_STRETCH, cut_stretches, is_repetition, stretches

MAX_PERIOD = 1024  # half of Pythia's context of 2,048 tokens; bounds the work to n·MAX_PERIOD for n tokens
MOST_TOKENS_CUT = 2  # at the end of a row; a word that is cut off, "capti", is written in other tokens than "caption"
FEWEST_UNITS_AT_END = 3  # two are a line that someone wrote twice
CANDIDATES = 8  # of 1,264 labelled sequences, 3 differ with more candidates, 26 with 4


@compiled
def find_repetitions(
    tokens: NDArray[np.int32], offsets: NDArray[np.int64]
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32], NDArray[np.float64], NDArray[np.float64]]:
    """Return period, start, whole occurrences, coverage and coverage at the end of each row's repetition; 0 if none."""
    rows = len(offsets) - 1
    periods, starts, occurrences = np.zeros(rows, np.int32), np.zeros(rows, np.int32), np.zeros(rows, np.int32)
    coverage, at_end = np.zeros(rows, np.float64), np.zeros(rows, np.float64)
    longest = np.int64(0)
    for row in range(rows):
        longest = max(longest, offsets[row + 1] - offsets[row])
    reach = np.empty(longest, np.int32)
    by_phase = np.empty(MAX_PERIOD, np.int32)
    units = np.empty((CANDIDATES + 1, 3), np.int64)
    for row in range(rows):
        sequence = tokens[offsets[row] : offsets[row + 1]]
        most_saved = 0
        for k in range(_candidate_units(sequence, units)):
            period = units[k, 1]
            unit = sequence[units[k, 2] : units[k, 2] + period]
            if not _may_occur_twice(sequence, unit):
                continue
            _read_along(sequence, unit, by_phase, reach)
            found = stretches(sequence, unit, reach[: len(sequence)])
            if found.whole < 2:
                continue
            covered, cut = cut_stretches(reach[: len(sequence)], period, found.start, found.stop)
            covered += found.covered
            saved = covered - period - (found.stretches + cut - 1)
            better = saved > most_saved or (saved == most_saved > 0 and period < periods[row])
            if better and is_repetition(unit, found):
                most_saved = saved
                periods[row], starts[row], occurrences[row] = period, found.start, found.whole
                coverage[row] = covered / len(sequence)
                reaches_end = found.stop >= len(sequence) - MOST_TOKENS_CUT and found.last_whole >= FEWEST_UNITS_AT_END
                at_end[row] = found.last_covered / len(sequence) if reaches_end else 0.0
    return periods, starts, occurrences, coverage, at_end


@compiled
def _candidate_units(sequence: NDArray[np.int32], units: NDArray[np.int64]) -> int:
    """Fill `units` with (matches, period, start) of the periods that match longest; return their number.

    A unit is a candidate if at least a third of it, and 2 tokens, follow it once. A multiple of a period spans the same
    tokens as the period and is left out.
    """
    count = 0
    for period in range(1, min(len(sequence) // 2, MAX_PERIOD) + 1):
        least = max((period + 2) // 3, MIN_STRETCH - 1)
        matches, start = _longest_match(sequence, period, least)
        if matches < least:
            continue
        known = False
        for k in range(count):
            known |= units[k, 2] == start and units[k, 0] + units[k, 1] == matches + period
        if known:
            continue
        k = count
        while k > 0 and units[k - 1, 0] < matches:
            units[k] = units[k - 1]
            k -= 1
        units[k, 0], units[k, 1], units[k, 2] = matches, period, start
        count = min(count + 1, CANDIDATES)
    return count


@compiled
def _longest_match(sequence: NDArray[np.int32], period: int, least: int) -> tuple[int, int]:
    """Return the length of the longest stretch that equals the one a period before it, and where that one starts.

    Only every `least`-th token is tested until one matches, since a stretch of that length contains one of them. So a
    period that does not occur takes n/least steps.
    """
    n = len(sequence)
    longest, start = 0, 0
    done = period
    i = period + least - 1
    while i < n:
        if sequence[i] == sequence[i - period]:
            first, end = i, i + 1
            while first > done and sequence[first - 1] == sequence[first - 1 - period]:
                first -= 1
            while end < n and sequence[end] == sequence[end - period]:
                end += 1
            if end - first > longest:
                longest, start = end - first, first - period
            done = end
            i = end
        i += least
    return longest, start


@compiled
def _may_occur_twice(sequence: NDArray[np.int32], unit: NDArray[np.int32]) -> bool:
    """Return False only if no two disjoint windows hold the unit's tokens in any order.

    The tokens are compared by the sum of their cubes, one step per token. Most candidates end here.
    """
    period = len(unit)
    wanted, held = np.int64(0), np.int64(0)
    for token in unit:
        wanted += np.int64(token) * token * token
    begin, found = 0, 0
    for end in range(1, len(sequence) + 1):
        token = np.int64(sequence[end - 1])
        held += token * token * token
        if end - begin > period:
            token = np.int64(sequence[begin])
            held -= token * token * token
            begin += 1
        if end - begin == period and held == wanted:
            found += 1
            begin, held = end, np.int64(0)
    return found >= 2


@compiled
def _read_along(
    sequence: NDArray[np.int32],
    unit: NDArray[np.int32],
    by_phase: NDArray[np.int32],
    reach: NDArray[np.int32],
) -> None:
    """Fill `reach`: how many tokens from each position match the endless repetition of `unit`.

    Runs backwards: by_phase[f] is the length of the match that starts at position f of the unit. This always takes
    len(sequence)·len(unit) steps; trying each position anew has no such bound.
    """
    period = len(unit)
    by_phase[:period] = 0
    for i in range(len(sequence) - 1, -1, -1):
        token, after_last, longest = sequence[i], by_phase[0], np.int32(0)
        for f in range(period - 1):
            length = by_phase[f + 1] + np.int32(1) if unit[f] == token else np.int32(0)
            by_phase[f] = length
            longest = max(longest, length)
        last = after_last + np.int32(1) if unit[period - 1] == token else np.int32(0)
        by_phase[period - 1] = last
        reach[i] = max(longest, last)
