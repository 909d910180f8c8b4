"""Whether a sequence repeats one unit of tokens, which, how often, and how much of the sequence that explains.

A sequence is read against the endless repetition of a unit. A *stretch* is a run of tokens that can be read
off that repetition, begun at any place of the unit, and at least one whole unit and `MIN_STRETCH` tokens
long: so a repetition may begin and end within a unit. Between stretches lie breaks: a line break or a changed
indentation, a changed token, other text. After a break the reading may go on at any other place of the unit.

The *coverage* of a unit is the share of the sequence's tokens that lie in its stretches. Of the units that
the sequence offers, the one counts that saves most tokens in writing the sequence down: those that it covers,
less its own length, less one for each break, to tell where in the unit the reading goes on. It must occur at
least twice as a whole; a sequence without such a unit has no repetition: its coverage is 0, and its offset,
count and unit are null.

Units are candidates where the sequence goes on with the same tokens one period later, for at least a third of
the period (and two tokens): runs in the sense of Kolpakov and Kucherov ("Finding maximal repetitions in a
word in linear time", 1999) with the exponent lowered from 2 to 4/3, since a line break may fall into every
occurrence. A counter in a repeated frame ("id=7; id=8; ") is no repetition: no whole unit occurs twice.

Periods up to `MAX_PERIOD` tokens are searched, so that a row of 100,000 tokens takes half a second at worst.
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

# "Through the sequence" leaves room for a prefix of up to three tenths and for what line breaks take away. Of
# the hand-labelled sequences of EleutherAI/semantic-memorization, one labelled "pattern-repeating" lies between
# 0.6 and 0.75, and the F1 differs by less than 0.02 from cut to cut in that range.
MIN_COVERAGE = 0.7


class Repetitions(NamedTuple):
    """The repetition of each row; arrays of shape (rows,).

    period: int32, tokens in the unit, 1 to `MAX_PERIOD`; 0 where the row has no repetition.
    start: int32, token index at which the first stretch begins; the unit is the `period` tokens from there.
    occurrences: int32, whole units in all stretches together; 2 or more, 0 where there is no repetition.
    coverage: float64, 0 to 1.
    """

    period: NDArray[np.int32]
    start: NDArray[np.int32]
    occurrences: NDArray[np.int32]
    coverage: NDArray[np.float64]


def repetitions(tokens: RaggedArray) -> Repetitions:
    """The repetition that saves most tokens in each row of token ids, as the module's docstring defines it."""
    values, offsets = read_only_rows(tokens, np.int32)
    return Repetitions(*find_repetitions(values, offsets))


def is_repeating(found: Repetitions) -> NDArray[np.bool_]:
    """Whether a unit is repeated through the row: its coverage is at least `MIN_COVERAGE`."""
    return found.coverage >= MIN_COVERAGE


def units(tokens: RaggedArray, found: Repetitions) -> pa.ListArray:
    """The unit of each row as an Arrow list of token ids; null where the row has no repetition."""
    offsets = np.concatenate(([0], np.cumsum(found.period, dtype=np.int64)))
    first = tokens.offsets[:-1] + found.start - offsets[:-1]
    ids = tokens.values[np.repeat(first, found.period) + np.arange(offsets[-1])].astype(np.int32, copy=False)
    lists = lists_from_ragged(RaggedArray(ids, offsets))
    return pa.ListArray.from_arrays(lists.offsets, lists.values, mask=pa.array(found.period == 0))


def measure(sequences: Sequences) -> tuple[pa.Array, ...]:
    """The five columns of `FILTER`."""
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
    )


FILTER = Filter(
    name="repetition",
    meaning="Whether one unit of tokens is repeated through the sequence.",
    columns=(
        Column(
            "is_repeating",
            pa.bool_(),
            f"a unit is repeated through the sequence: `repetition_coverage` is at least {MIN_COVERAGE}",
        ),
        Column(
            "repeating_offset",
            pa.int32(),
            "index of the token at which the repetition starts; null where no unit occurs twice",
        ),
        Column(
            "num_repeating",
            pa.int32(),
            "how often the unit occurs as a whole, counted from where the repetition starts and from where it "
            "goes on after each break; null where no unit occurs twice",
        ),
        Column(
            "smallest_repeating_chunk",
            pa.list_(pa.int32()),
            f"the shortest unit, as it stands at `repeating_offset` (1 to {MAX_PERIOD} token ids); null "
            "where no unit occurs twice",
        ),
        Column(
            "repetition_coverage",
            pa.float64(),
            "share of the tokens that the repeated unit explains: 0 where no unit occurs twice, 1 where "
            "there is nothing but the repetition",
        ),
    ),
    reads=("tokens",),
    measure=measure,
)
