"""Find the arithmetic progressions among a text's tokens, with the frames they repeat in."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from filters.compiled import compiled
from filters.incrementing.carries import carries
from filters.incrementing.numerals import UNREADABLE
from filters.incrementing.records import find_records, has_new_triple, is_count, is_known, steps_between

# The longest record, in tokens. Three terms of that length fill the 64 model tokens of a sequence, which yield at most
# about 130 of these tokens.
LONGEST_RECORD = 64

# A run that matches fewer tokens than this, and under half of the text's tokens, is ignored as chance: sorted or random
# numbers have many short runs. The labelled sequences show no difference between 0 and 16.
FEWEST_MATCHES = 12


class Progression(NamedTuple):
    """An arithmetic progression.

    terms: number of terms. step: between the values of its tokens. record: tokens from one term to the next.
    first, latest: tokens of the first term and of the last but one that is known.
    """

    terms: int
    step: int
    record: int
    first: int
    latest: int


NO_PROGRESSION = Progression(0, 0, 0, 0, 0)


@compiled
def mark_progressions(
    tokens: NDArray[np.void], count: int, countable: NDArray[np.int64], is_record: NDArray[np.bool_]
) -> Progression:
    """Mark the tokens covered by progressions; return the longest one, `NO_PROGRESSION` if there is none.

    For each record length, in tokens, a run is a stretch in which each token equals the token one record later, or
    counts up or down to it by the same step as from the record before, or by a carry (`carries`). A run counts if each
    of its changing numbers has three terms in it. It covers its numbers and the frame they repeat in.
    is_record: scratch space for LONGEST_RECORD + 1 entries.
    """
    progression = NO_PROGRESSION
    longest = min(LONGEST_RECORD, (count - 1) // 2)
    if find_records(tokens, count, countable, longest, is_record):
        for record in range(1, longest + 1):
            if is_record[record] and has_new_triple(tokens, count, countable, record):
                progression = _longer(progression, _mark_runs(tokens, count, record))
    if progression.terms > 0:
        _uncover_repetitions(tokens, count)
    return progression


@compiled
def _mark_runs(tokens: NDArray[np.void], count: int, record: int) -> Progression:
    """Mark the tokens covered by runs of one record length; return the longest progression."""
    longest, begin, has_three_terms, carry_stop = NO_PROGRESSION, 0, False, 0
    for i in range(count - record):
        token = tokens[i]
        token.first_step, token.second_step = steps_between(token, tokens[i + record])
        holds, next_begin = is_known(token), i + 1
        if holds and i >= begin + record and is_known(tokens[i - record]):
            before = tokens[i - record]
            first = token.first_step if token.first_step == before.first_step else UNREADABLE
            second = token.second_step if token.second_step == before.second_step else UNREADABLE
            holds = first != UNREADABLE or second != UNREADABLE
            if holds:
                token.first_step, token.second_step = first, second
                has_three_terms |= is_count(first, second)
            elif i < carry_stop or carries(tokens, count, begin, i, record):  # a carry alone is no third term
                holds, token.first_step, token.second_step = True, before.first_step, before.second_step
                carry_stop = carry_stop if i < carry_stop else i + record
            elif i == record and _may_be_cut(tokens, count, 0, record):
                holds, before.first_step, before.second_step = True, UNREADABLE, UNREADABLE
            else:
                next_begin = i - record + 1  # where the step changes, one run ends and another may continue
        if not holds and _may_be_cut(tokens, count, i, record):
            holds, token.first_step, token.second_step = True, UNREADABLE, UNREADABLE
        if not holds:
            if has_three_terms:
                longest = _longer(longest, _cover_run(tokens, count, begin, i, record))
            begin, has_three_terms = next_begin, False
    if has_three_terms:
        longest = _longer(longest, _cover_run(tokens, count, begin, count - record, record))
    return longest


@compiled
def _longer(progression: Progression, other: Progression) -> Progression:
    return other if other.terms > progression.terms else progression


@compiled
def _may_be_cut(tokens: NDArray[np.void], count: int, i: int, record: int) -> bool:
    """Return whether token i or its successor one record on may be cut off at the text's edge and fit otherwise."""
    if not tokens[i].is_word or not tokens[i + record].is_word:
        return False
    length = tokens[i + 1].start - tokens[i].start
    other_length = tokens[i + record + 1].start - tokens[i + record].start
    # The whole number may have one digit more than its neighbour: 9 and 10.
    return (i == 0 and length <= other_length + 1) or (i + record == count - 1 and other_length <= length + 1)


@compiled
def _cover_run(tokens: NDArray[np.void], count: int, begin: int, stop: int, record: int) -> Progression:
    """Mark the tokens of a run if each of its numbers is confirmed; return its longest progression.

    The run consists of the tokens `begin` to `stop`, and the tokens one record later.
    """
    if stop - begin < min(FEWEST_MATCHES, count // 2):
        return NO_PROGRESSION
    for i in range(stop - record, min(begin + record, stop)):
        if is_count(tokens[i].first_step, tokens[i].second_step) and not _is_confirmed(tokens, i, begin, stop, record):
            return NO_PROGRESSION
    terms, first, latest = 0, 0, 0
    for i in range(begin, stop):
        if is_count(tokens[i].first_step, tokens[i].second_step):
            last = i + (stop - 1 - i) // record * record
            if not is_known(tokens[last]):  # a token that may be cut off is no term
                last -= record
            if (last - i) // record + 2 > terms:
                terms, first, latest = (last - i) // record + 2, i, last
    for i in range(begin, stop + record):
        if tokens[i].covering_record == 0:
            tokens[i].covering_record = record
    if terms == 0:
        return NO_PROGRESSION
    token = tokens[latest]
    step = token.second_step if token.first_step == UNREADABLE else token.first_step
    return Progression(terms, step, record, first, latest)


@compiled
def _is_confirmed(tokens: NDArray[np.void], i: int, begin: int, stop: int, record: int) -> bool:
    """Return whether the number at token i, with two terms in the run, equals a number with three terms.

    The two must be equal in both records: in `7</a> <a id="8">8</a> <a id="9">9</a>`, the first id lies before the cut.
    """
    for j in range(begin, stop):
        has_three_terms = j < stop - record or j >= begin + record
        if has_three_terms and tokens[i].key == tokens[j].key and tokens[i + record].key == tokens[j + record].key:
            return True
    return False


@compiled
def _uncover_repetitions(tokens: NDArray[np.void], count: int) -> None:
    """Unmark repetitions: in 1 2 3 1 2 3 1 2 3 the numbers count up, but repeat three times.

    A repeated unit shorter than the record is part of the frame, such as the zeros of "1 0 0 0 2 0 0 0".
    """
    for unit in range(1, min(LONGEST_RECORD, count // 3) + 1):
        begin = 0
        for i in range(count - unit + 1):
            if i == count - unit or tokens[i].key != tokens[i + unit].key:
                if i - begin >= 2 * unit:
                    for j in range(begin, i + unit):
                        if tokens[j].covering_record < unit:
                            tokens[j].covering_record = 0
                begin = i + 1
