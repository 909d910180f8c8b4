"""Read roman numbers and single letters from bytes."""

from __future__ import annotations

from filters.compiled import compiled
from filters.incrementing.numerals import LOWER, TEXT, UNREADABLE, UPPER, Bytes, byte_table

LONGEST_ROMAN = 15  # MMMDCCCLXXXVIII
ROMAN_VALUE = byte_table(0, {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100, "d": 500, "m": 1000})


@compiled
def letter_values(text: Bytes, at: int, stop: int) -> tuple[int, int, int]:
    """Return the alphabet of the letters `text[at:stop]`, their code if single, and their roman number.

    Any roman digits of one case are accepted, in non-standard order too (IIII).
    """
    case = text[at] & 0x20
    roman, last = 0, 1000
    for i in range(at, stop):
        digit = ROMAN_VALUE[text[i]]
        if digit == 0 or text[i] & 0x20 != case or i - at >= LONGEST_ROMAN:
            roman = UNREADABLE
            break
        roman += digit - 2 * last if digit > last else digit  # at the V of IV, the I was added before
        last = digit
    single = int(text[at]) if stop - at == 1 else UNREADABLE
    if single == UNREADABLE and roman == UNREADABLE:
        return TEXT, single, roman
    return LOWER if case else UPPER, single, roman
