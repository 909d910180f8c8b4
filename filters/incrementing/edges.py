"""Cover what the text's edges cut off a counting text: a block with two terms, beside others with more."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from filters.compiled import compiled
from filters.incrementing.numerals import UNREADABLE
from filters.incrementing.records import steps_between

# Two numbers in a frame prove little by themselves. Beside a progression of so many terms, they are the end of one
# block and the beginning of the next.
TERMS_BESIDE = 4
FEWEST_MATCHES_OF_TWO = 3  # tokens, of which one is the number that counts
LONGEST_CUT_RECORD = 64  # tokens, as LONGEST_RECORD of `progressions`


@compiled
def cover_cut_blocks(tokens: NDArray[np.void], count: int) -> None:
    """Mark the tokens before the first and after the last progression if two of their numbers count by one in a frame.

    The frame must reach the edge of the text.
    """
    begin, end = 0, count
    while begin < count and tokens[begin].covering_record == 0:
        begin += 1
    while end > begin and tokens[end - 1].covering_record == 0:
        end -= 1
    for record in range(1, min(LONGEST_CUT_RECORD, begin - 1) + 1):
        if _cover_from(tokens, count, 0, 1, begin - record, record):
            break
    for record in range(1, min(LONGEST_CUT_RECORD, count - end - 1) + 1):
        if _cover_from(tokens, count, count - 1 - record, -1, count - end - record, record):
            break


@compiled
def _cover_from(tokens: NDArray[np.void], count: int, edge: int, direction: int, most: int, record: int) -> bool:
    """Mark the tokens from the edge that equal, or count by one to, the token one record later; return whether any."""
    matches, has_count = 0, False
    while matches < most:
        i = edge + direction * matches
        first, second = steps_between(tokens[i], tokens[i + record])
        is_cut = (i == 0 or i + record == count - 1) and tokens[i].is_word and tokens[i + record].is_word
        if first == UNREADABLE and second == UNREADABLE and not is_cut:
            break
        has_count |= first in (-1, 1) or second in (-1, 1)
        matches += 1
    if not has_count or matches < max(FEWEST_MATCHES_OF_TWO, record // 2):
        return False
    last = edge + direction * (matches - 1)
    for i in range(min(edge, last), max(edge, last) + record + 1):
        tokens[i].covering_record = record
    return True
