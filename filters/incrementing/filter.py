"""Measure whether a text consists of numbers in arithmetic progression, alone or in a repeated frame."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from filters.compiled import compiled
from filters.contract import Column, Filter, RaggedArray, Sequences
from filters.incrementing.edges import TERMS_BESIDE, cover_cut_blocks
from filters.incrementing.numerals import BILLION, DECIMAL, HEXADECIMAL, PLAIN, Bytes
from filters.incrementing.progressions import LONGEST_RECORD, Progression, mark_progressions
from filters.incrementing.prose import share_beside_prose
from filters.incrementing.times import minutes_to_next
from filters.incrementing.tokens import TOKEN, other_readings, tokenize
from filters.kernel_input import read_only_rows

# Median of the cuts chosen by ten-fold cross-validation (0.64 to 0.69, by best F1) on 1,264 hand-labelled Pythia
# training sequences. Most texts below it are code, or prose with a list.
INCREMENTING_COVERAGE = 0.65

# A list beside an unrelated paragraph. Of the 1,264 labelled sequences, three are lists beside prose that only this cut
# would find, with four and five terms: one of them labelled "pattern-incrementing", two "code+nl". Lists that end in
# code, of up to 13 terms, are labelled "code".
COVERAGE_BESIDE_PROSE = 0.375
TERMS_BESIDE_PROSE = 6

FEWEST_TERMS = 3  # any two numbers are in progression


class Progressions(NamedTuple):
    """The arithmetic progressions of each row; arrays of shape (rows,).

    coverage: share of bytes covered by progressions and their repeated frame, in [0, 1].
    beside_prose: the same, if it is at least `INCREMENTING_COVERAGE` without the prose before and after the numbers,
        and the longest progression has `TERMS_BESIDE_PROSE` terms; else 0.
    terms: number of terms of the longest progression. steps: its step, NaN if there is none.
    """

    coverage: NDArray[np.float64]
    beside_prose: NDArray[np.float64]
    terms: NDArray[np.int32]
    steps: NDArray[np.float64]


def progressions(text: RaggedArray) -> Progressions:
    """Find the arithmetic progressions in each row of UTF-8 (uint8), in any notation.

    `mark_progressions` and `cover_cut_blocks` have the definition. A row is read with plain, decimal and hexadecimal
    numbers; the largest coverage and the longest progression count. Of equally long progressions, the one of signed
    numbers and fractions gives the step: "-5 -4 -3" counts up by 1, "0.1 0.2 0.3" by 0.1, but "7.9 7.10 7.11" by 1.
    Steps of times (9:50, 9:50:30) are in minutes.
    """
    values, offsets = read_only_rows(text, np.uint8)
    longest = int(np.diff(offsets).max(initial=0))
    tokens, countable = np.zeros(longest + 1, TOKEN), np.empty(longest, np.int64)
    return Progressions(*_progressions(values, offsets, tokens, countable, np.empty(LONGEST_RECORD + 1, np.bool_)))


@compiled
def _progressions(
    text: Bytes,
    offsets: NDArray[np.int64],
    tokens: NDArray[np.void],
    countable: NDArray[np.int64],
    is_record: NDArray[np.bool_],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int32], NDArray[np.float64]]:
    """Compute `progressions`; the last three arguments are scratch space for the longest row."""
    rows = len(offsets) - 1
    coverage, beside_prose = np.zeros(rows), np.zeros(rows)
    terms, steps = np.zeros(rows, np.int32), np.full(rows, np.nan)
    for row in range(rows):
        begin, end = offsets[row], offsets[row + 1]
        plain_count, number_countable = tokenize(text, begin, end, PLAIN, tokens, countable)
        if number_countable < FEWEST_TERMS:
            continue
        readings = (True, *other_readings(text, begin, end, tokens, countable[:number_countable]))
        certain_terms = 0
        for reading in (PLAIN, DECIMAL, HEXADECIMAL):
            count = plain_count
            if reading != PLAIN:
                if not readings[reading]:
                    continue
                count, number_countable = tokenize(text, begin, end, reading, tokens, countable)
                if count == plain_count:  # the tokens are the same
                    continue
            found = mark_progressions(tokens, count, countable[:number_countable], is_record)
            if found.terms >= TERMS_BESIDE:
                cover_cut_blocks(tokens, count)
            covered = _covered_bytes(tokens, count) if found.terms > 0 else 0
            if covered == 0:
                continue
            coverage[row] = max(coverage[row], covered / (end - begin))
            if found.terms >= TERMS_BESIDE_PROSE:
                share = share_beside_prose(text, tokens, count, covered, INCREMENTING_COVERAGE)
                beside_prose[row] = max(beside_prose[row], share)
            if found.terms > terms[row] or (reading == DECIMAL and found.terms >= certain_terms):
                steps[row] = _step(text, tokens, count, found, reading)
            terms[row] = max(terms[row], found.terms)
            # The text may begin within a decimal: "5 2.6 2.7 2.8" and ".5 2.6 2.7 2.8" are not 5, 6, 7, 8.
            certain_terms = found.terms - (found.first <= 1)
    return coverage, beside_prose, terms, steps


@compiled
def _step(text: Bytes, tokens: NDArray[np.void], count: int, found: Progression, reading: int) -> float:
    """Return the step of a progression: of times in minutes, else as a number."""
    minutes = minutes_to_next(text, tokens, count, found.latest, found.record)
    if np.isnan(minutes):  # the last time may be cut off
        minutes = minutes_to_next(text, tokens, count, found.latest - found.record, found.record)
    if not np.isnan(minutes):
        return minutes
    return found.step / BILLION if reading == DECIMAL else float(found.step)


@compiled
def _covered_bytes(tokens: NDArray[np.void], count: int) -> int:
    covered = 0
    for i in range(count):
        if tokens[i].covering_record > 0:
            covered += tokens[i + 1].start - tokens[i].start
    return covered


def measure(sequences: Sequences) -> tuple[pa.Array, ...]:
    """Return the columns of `FILTER`, one value per row."""
    assert sequences.text is not None
    coverage, beside_prose, terms, steps = progressions(sequences.text)
    return (
        pa.array((coverage >= INCREMENTING_COVERAGE) | (beside_prose >= COVERAGE_BESIDE_PROSE)),
        pa.array(coverage),
        pa.array(beside_prose),
        pa.array(terms),
        pa.array(steps, mask=np.isnan(steps)),
    )


FILTER = Filter(
    name="incrementing",
    meaning="Numbers in arithmetic progression, alone or in a repeated frame.",
    columns=(
        Column(
            "is_incrementing",
            pa.bool_(),
            f"whether the text counts up or down: `incrementing_coverage` is at least {INCREMENTING_COVERAGE}, or "
            f"`incrementing_coverage_beside_prose` at least {COVERAGE_BESIDE_PROSE}",
        ),
        Column(
            "incrementing_coverage",
            pa.float64(),
            "share of the text's bytes covered by arithmetic progressions and their repeated frames, 0 to 1",
        ),
        Column(
            "incrementing_coverage_beside_prose",
            pa.float64(),
            f"`incrementing_coverage` if it is at least {INCREMENTING_COVERAGE} without the prose before and after the "
            f"numbers, and the longest progression has {TERMS_BESIDE_PROSE} terms or more; else 0",
        ),
        Column("num_incrementing", pa.int32(), "terms of the longest progression; 0 without one"),
        Column(
            "increment_step",
            pa.float64(),
            "step of the longest progression, negative if it counts down; null without one. The step of times (9:50, "
            "9:50:30) is in minutes, that of dates in what changes (days, months or years)",
        ),
    ),
    reads=("text",),
    measure=measure,
)
