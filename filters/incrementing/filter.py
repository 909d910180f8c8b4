"""Whether a text is made of numbers in arithmetic progression, alone or in a repeated frame."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from filters.compiled import compiled
from filters.contract import Column, Filter, RaggedArray, Sequences
from filters.incrementing.numerals import BILLION, DECIMAL, HEXADECIMAL, PLAIN, Bytes
from filters.incrementing.progressions import LONGEST_RECORD, mark_progressions
from filters.incrementing.tokens import TOKEN, other_readings, tokenize
from filters.kernel_input import read_only_rows

# The median of what ten-fold cross-validation chose (0.64 to 0.69, with the best F1) on 1,264 hand-labelled
# Pythia training sequences. What lies below it is mostly code or prose with a list in it.
INCREMENTING_COVERAGE = 0.65

FEWEST_TERMS = 3  # any two numbers are in progression


def progressions(text: RaggedArray) -> tuple[NDArray[np.float64], NDArray[np.int32], NDArray[np.float64]]:
    """The arithmetic progressions in each row of UTF-8 (uint8), however their numbers are written.

    Returns the share of the bytes that they cover with the frame that they repeat in, in [0, 1]; the terms of
    the longest; and its step, NaN where there is none. `mark_progressions` has the definition. A row is read
    with its numbers plain, decimal and hexadecimal: what covers most of it counts, and the longest of all.
    """
    values, offsets = read_only_rows(text, np.uint8)
    longest = int(np.diff(offsets).max(initial=0))
    tokens, countable = np.zeros(longest + 1, TOKEN), np.empty(longest, np.int64)
    coverage, terms, steps = _progressions(values, offsets, tokens, countable, np.empty(LONGEST_RECORD + 1, np.bool_))
    return coverage, terms, steps


@compiled
def _progressions(
    text: Bytes,
    offsets: NDArray[np.int64],
    tokens: NDArray[np.void],
    countable: NDArray[np.int64],
    is_record: NDArray[np.bool_],
) -> tuple[NDArray[np.float64], NDArray[np.int32], NDArray[np.float64]]:
    """As `progressions`; the last three are scratch space for the longest row."""
    rows = len(offsets) - 1
    coverage, terms, steps = np.zeros(rows), np.zeros(rows, np.int32), np.full(rows, np.nan)
    for row in range(rows):
        begin, end = offsets[row], offsets[row + 1]
        plain_count, number_countable = tokenize(text, begin, end, PLAIN, tokens, countable)
        if number_countable < FEWEST_TERMS:
            continue
        readings = (True, *other_readings(text, begin, end, tokens, countable[:number_countable]))
        for reading in (PLAIN, DECIMAL, HEXADECIMAL):
            count = plain_count
            if reading != PLAIN:
                if not readings[reading]:
                    continue
                count, number_countable = tokenize(text, begin, end, reading, tokens, countable)
                if count == plain_count:  # the tokens are the same
                    continue
            longest, step = mark_progressions(tokens, count, countable[:number_countable], is_record)
            covered = _covered_bytes(tokens, count) if longest > 0 else 0
            coverage[row] = max(coverage[row], covered / (end - begin))
            if covered > 0 and longest > terms[row]:
                terms[row], steps[row] = longest, step / BILLION if reading == DECIMAL else step
    return coverage, terms, steps


@compiled
def _covered_bytes(tokens: NDArray[np.void], count: int) -> int:
    covered = 0
    for i in range(count):
        if tokens[i].covering_record > 0:
            covered += tokens[i + 1].start - tokens[i].start
    return covered


def measure(sequences: Sequences) -> tuple[pa.Array, ...]:
    """The columns of the filter `incrementing`, one value a row."""
    assert sequences.text is not None
    coverage, terms, steps = progressions(sequences.text)
    return (
        pa.array(coverage >= INCREMENTING_COVERAGE),
        pa.array(coverage),
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
            f"incrementing_coverage is at least {INCREMENTING_COVERAGE}: the text counts up or down.",
        ),
        Column(
            "incrementing_coverage",
            pa.float64(),
            "Share of the text's bytes that lie in arithmetic progressions and the frames they repeat in, 0 to 1.",
        ),
        Column("num_incrementing", pa.int32(), "Terms of the longest progression; 0 without one."),
        Column(
            "increment_step",
            pa.float64(),
            "Step of the longest progression, negative if it counts down; null without one.",
        ),
    ),
    reads=("text",),
    measure=measure,
)
