"""Repetition of one unit of tokens: which unit, how often, and how much of the sequence it explains.

A sequence is compared with the endless repetition of a unit. A *stretch* is a run of tokens that matches this
repetition from any position in the unit, and has at least one whole unit and `MIN_STRETCH` tokens. So a repetition may
begin and end within a unit. Between stretches lie breaks: a line break or changed indentation, a changed token, other
text. After a break, the match may continue at any other position of the unit.

The *coverage* of a unit is the share of the sequence's tokens in its stretches. At the edges of the sequence a stretch
may be shorter, down to a third of a unit, if at most a line break lies before the next stretch. A unit saves the tokens
it covers, less its own length, less one per break (to tell where in the unit the match continues). A unit must occur at
least twice as a whole. Its stretches must not be the work of chance in a column of a few symbols, nor a frame that is
filled in with something else each time (`stretches.is_repetition`). Of such units, the one that saves most is chosen.
Without one, a sequence has no repetition: coverage is 0, and offset, count and unit are null.

The *coverage at the end* is the share of the tokens in the last stretches, with only short breaks between them, such as
line breaks. It is 0 if they do not reach the end of the sequence. A text that ends in a repetition is continued by the
repetition, however long its beginning is.

A unit is a candidate if the same tokens follow one period later, for at least a third of the period and two tokens.
These are runs as defined by Kolpakov and Kucherov ("Finding maximal repetitions in a word in linear time", 1999), with
the exponent lowered from 2 to 4/3, since every occurrence may contain a line break. A counter in a repeated frame
("id=7; id=8; ") is no repetition: no whole unit occurs twice.

Periods up to `MAX_PERIOD` tokens are searched, so a row of 100,000 tokens takes at most half a second.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from filters.contract import Column, Filter, RaggedArray, Sequences
from filters.kernel_input import read_only_rows
from filters.ragged import lists_from_ragged
from filters.repetition.kernel import MAX_PERIOD, find_repetitions

# The cut allows for a prefix of up to 30% and for line breaks. Of the hand-labelled sequences of
# EleutherAI/semantic-memorization, only one labelled "pattern-repeating" lies between 0.6 and 0.75, and F1 varies by
# less than 0.02 in that range.
MIN_COVERAGE = 0.7

# A beginning may have up to five eighths, 40 of 64 tokens. Of the 1,264 labelled sequences, two are found by this cut
# alone: 0.38, labelled "pattern-repeating", and 0.56, labelled "code". No other one ends in more than a tenth of
# repetition.
MIN_COVERAGE_AT_END = 0.375


class Repetitions(NamedTuple):
    """The repetition of each row; arrays of shape (rows,).

    period: int32, tokens in the unit, 1 to `MAX_PERIOD`; 0 if the row has no repetition.
    start: int32, token index of the first stretch; the unit is the `period` tokens from there.
    occurrences: int32, whole units in all stretches; at least 2, or 0 if there is no repetition.
    coverage: float64, 0 to 1.
    coverage_at_end: float64, 0 to `coverage`; 0 if fewer than three whole units reach the end.
    """

    period: NDArray[np.int32]
    start: NDArray[np.int32]
    occurrences: NDArray[np.int32]
    coverage: NDArray[np.float64]
    coverage_at_end: NDArray[np.float64]


def repetitions(tokens: RaggedArray) -> Repetitions:
    """Return the repetition that saves most tokens in each row of token ids, as defined above."""
    values, offsets = read_only_rows(tokens, np.int32)
    return Repetitions(*find_repetitions(values, offsets))


def is_repeating(found: Repetitions) -> NDArray[np.bool_]:
    """Return whether a unit is repeated through the row, or from some token to its end."""
    return (found.coverage >= MIN_COVERAGE) | (found.coverage_at_end >= MIN_COVERAGE_AT_END)


def units(tokens: RaggedArray, found: Repetitions) -> pa.ListArray:
    """Return the unit of each row as an Arrow list of token ids; null if the row has no repetition."""
    offsets = np.concatenate(([0], np.cumsum(found.period, dtype=np.int64)))
    first = tokens.offsets[:-1] + found.start - offsets[:-1]
    ids = tokens.values[np.repeat(first, found.period) + np.arange(offsets[-1])].astype(np.int32, copy=False)
    lists = lists_from_ragged(RaggedArray(ids, offsets))
    return pa.ListArray.from_arrays(lists.offsets, lists.values, mask=pa.array(found.period == 0))


def measure(sequences: Sequences) -> tuple[pa.Array, ...]:
    """Return the six columns of `FILTER`."""
    tokens = sequences.tokens
    assert tokens is not None
    found = repetitions(tokens)
    has_none = found.period == 0
    return (
        pa.array(is_repeating(found)),
        pa.array(found.start, mask=has_none),
        pa.array(found.occurrences, mask=has_none),
        units(tokens, found),
        pa.array(found.coverage),
        pa.array(found.coverage_at_end),
    )


FILTER = Filter(
    name="repetition",
    meaning="Whether one unit of tokens repeats through the sequence.",
    columns=(
        Column(
            "is_repeating",
            pa.bool_(),
            f"whether a unit repeats through the sequence, or to its end: `repetition_coverage` is at least "
            f"{MIN_COVERAGE}, or `repetition_coverage_at_end` at least {MIN_COVERAGE_AT_END}",
        ),
        Column(
            "repeating_offset",
            pa.int32(),
            "index of the token where the repetition starts; null without a repetition",
        ),
        Column(
            "num_repeating",
            pa.int32(),
            "number of whole occurrences of the unit, counted from the start of the repetition and again after each "
            "break; null without a repetition",
        ),
        Column(
            "smallest_repeating_chunk",
            pa.list_(pa.int32()),
            f"the shortest repeated unit, as found at `repeating_offset` (1 to {MAX_PERIOD} token ids); null without a "
            "repetition",
        ),
        Column(
            "repetition_coverage",
            pa.float64(),
            "share of the tokens explained by the repeated unit; 0 without a repetition, 1 if there is nothing "
            "but the repetition",
        ),
        Column(
            "repetition_coverage_at_end",
            pa.float64(),
            "share of the tokens in the last part of the repetition, which has only short breaks, such as line breaks; "
            "0 if it does not reach the end of the sequence, or holds fewer than three whole units",
        ),
    ),
    reads=("tokens",),
    measure=measure,
)
