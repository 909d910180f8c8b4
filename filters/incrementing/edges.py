"""Cover the numbered lines that the text's edges cut off: a block with only two of them, beside one with more."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from filters.compiled import compiled
from filters.incrementing.numerals import TEXT, UNREADABLE
from filters.incrementing.progressions import LONGEST_RECORD
from filters.incrementing.records import steps_between

# Of the longest progression. With three, one more labelled sequence counts, which is labelled "code".
TERMS_BESIDE = 4


@compiled
def cover_cut_blocks(tokens: NDArray[np.void], count: int) -> None:
    """Mark two numbered lines at either edge of a text that counts elsewhere, such as "KEY_0, KEY_1, ".

    From the edge on, each token of a whole record must equal the token one record later, or be a number beside another
    number. One of the numbers must count by one, and one of the equal tokens must be a word: many random numbers are
    neighbours.
    """
    begin, end = 0, count
    while begin < count and tokens[begin].covering_record == 0:
        begin += 1
    while end > begin and tokens[end - 1].covering_record == 0:
        end -= 1
    for record in range(1, min(LONGEST_RECORD, begin) + 1):
        if _cover_from(tokens, count, 0, 1, begin, record):
            break
    for record in range(1, min(LONGEST_RECORD, count - end) + 1):
        if _cover_from(tokens, count, count - 1 - record, -1, count - end, record):
            break


@compiled
def _cover_from(tokens: NDArray[np.void], count: int, edge: int, direction: int, most: int, record: int) -> bool:
    """Mark the tokens from the edge to the first that does not match, if they count; return whether they do."""
    matches, has_count, has_word = 0, False, False
    while matches < most:
        i = edge + direction * matches
        token, other = tokens[i], tokens[i + record]
        first, second = steps_between(token, other)
        is_cut = (i == 0 or i + record == count - 1) and token.is_word and other.is_word
        if first == UNREADABLE and second == UNREADABLE and not is_cut:
            break
        has_count |= first in (-1, 1) or second in (-1, 1)
        has_word |= token.key == other.key and token.is_word and token.alphabet == TEXT
        matches += 1
    if not has_count or not has_word or matches < record:
        return False
    last = edge + direction * (matches - 1)
    for i in range(min(edge, last), max(edge, last) + record + 1):
        tokens[i].covering_record = record
    return True
