"""Read numbers from bytes: decimal, hexadecimal, roman, and single letters."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from filters.compiled import compiled

Bytes = NDArray[np.uint8]

# Where a number begins and ends. Each reading is needed: "0.9, 1.0" counts up only if fractions stay whole, "7.9, 7.10"
# only if they are split, and "9F, A0" only if letters may be digits.
PLAIN, DECIMAL, HEXADECIMAL = 0, 1, 2

# Numbers compare with numbers, letters with letters of the same case, names with names of the same kind, other text
# with nothing.
TEXT, NUMBER, LOWER, UPPER, MONTH, WEEKDAY, CARDINAL, ORDINAL = range(8)

UNREADABLE = np.iinfo(np.int64).min
BILLION = 10**9  # DECIMAL values are whole billionths, so that steps compare exactly
PART_DIGITS = 9  # at most this many digits on either side of the point; a longer number is not read as a fraction
DECIMAL_RANGE = 10**18  # a longer number keeps its last digits, the ones that count
HEXADECIMAL_RANGE = 16**15
LONGEST_ROMAN = 15  # MMMDCCCLXXXVIII
DATE_DIGITS = 8  # a calendar date without separators, 20191231

SPACE, PUNCTUATION, DIGIT, LETTER, BEYOND_ASCII = range(5)


def _byte_table(default: int, entries: dict[str, int]) -> NDArray[np.int64]:
    table = np.full(256, default, np.int64)
    for characters, value in entries.items():
        table[list((characters + characters.upper()).encode())] = value
    return table


BYTE_CLASS = _byte_table(PUNCTUATION, {" \t\n\r\f\v": SPACE, "0123456789": DIGIT, "abcdefghijklmnopqrstuvwxyz": LETTER})
BYTE_CLASS[128:] = BEYOND_ASCII
DIGIT_VALUE = _byte_table(16, {digit: value for value, digit in enumerate("0123456789abcdef")})
ROMAN_VALUE = _byte_table(0, {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100, "d": 500, "m": 1000})


@compiled
def _is_alphanumeric(text: Bytes, at: int, begin: int, end: int) -> bool:
    return begin <= at < end and (BYTE_CLASS[text[at]] == DIGIT or BYTE_CLASS[text[at]] == LETTER)


@compiled
def _digits_end(text: Bytes, at: int, end: int, base: int) -> int:
    while at < end and DIGIT_VALUE[text[at]] < base:
        at += 1
    return at


@compiled
def number_end(text: Bytes, at: int, begin: int, end: int, reading: int) -> int:
    """Return the end of the number at byte `at` of the text `text[begin:end]`; `at` if there is none.

    0x with its digits is one number in every reading. DECIMAL includes a minus sign and a fraction, but splits "a-1"
    and "1.2.3". HEXADECIMAL includes whole words of hexadecimal digits, and \\x9f and \\u009f.
    """
    if text[at] == ord("0") and at + 2 < end and text[at + 1] | 0x20 == ord("x"):
        stop = _digits_end(text, at + 2, end, 16)
        if stop > at + 2:
            return stop
    if reading == DECIMAL:
        return _decimal_end(text, at, begin, end)
    if reading == HEXADECIMAL:
        is_escape = at > begin and text[at - 1] == ord("\\") and text[at] | 0x20 in (ord("x"), ord("u"))
        stop = _digits_end(text, at + is_escape, end, 16)
        is_word = not _is_alphanumeric(text, at - 1, begin, end) and not _is_alphanumeric(text, stop, begin, end)
        if is_word and stop > at + is_escape:
            return stop
    return _digits_end(text, at, end, 10)


@compiled
def _decimal_end(text: Bytes, at: int, begin: int, end: int) -> int:
    digits = at
    if text[at] == ord("-") and not _is_alphanumeric(text, at - 1, begin, end):
        digits += at == begin or (text[at - 1] != ord(")") and text[at - 1] != ord("."))
    point = _digits_end(text, digits, end, 10)
    if point == digits:
        return at
    if point == end or text[point] != ord(".") or point - digits > PART_DIGITS:
        return point
    stop = _digits_end(text, point + 1, end, 10)
    after_point = digits > begin and text[digits - 1] == ord(".")
    before_point = stop + 1 < end and text[stop] == ord(".") and BYTE_CLASS[text[stop + 1]] == DIGIT
    is_fraction = 0 < stop - point - 1 <= PART_DIGITS and not after_point and not before_point
    return stop if is_fraction else point


@compiled
def number_values(text: Bytes, at: int, stop: int, reading: int) -> tuple[int, int]:
    """Return the number `text[at:stop]` read as decimal (in billionths for DECIMAL) and as hexadecimal.

    A value is UNREADABLE if the number is not written that way. PLAIN and DECIMAL read only 0x as hexadecimal; for a
    calendar date, PLAIN returns the day number in place of the hexadecimal value.
    """
    sign = -1 if text[at] == ord("-") else 1
    at += sign < 0
    is_prefixed = stop - at > 2 and text[at + 1] | 0x20 == ord("x")
    is_escape = DIGIT_VALUE[text[at]] == 16
    has_letters, places, decimal, hexadecimal = is_prefixed or is_escape, 0, 0, 0
    for i in range(at + 2 * is_prefixed + is_escape, stop):
        if text[i] == ord("."):
            places = stop - i - 1
        else:
            digit = DIGIT_VALUE[text[i]]
            has_letters |= digit > 9
            decimal = (decimal * 10 + digit) % DECIMAL_RANGE
            hexadecimal = (hexadecimal * 16 + digit) % HEXADECIMAL_RANGE
    if reading == PLAIN and stop - at == DATE_DIGITS and not has_letters:
        return decimal, _day(decimal // 10000, decimal // 100 % 100, decimal % 100)
    if reading == DECIMAL:
        decimal = sign * (decimal * 10 ** (PART_DIGITS - places) if places else decimal % BILLION * BILLION)
    return (
        UNREADABLE if has_letters else decimal,
        hexadecimal if is_prefixed or reading == HEXADECIMAL else UNREADABLE,
    )


@compiled
def _day(year: int, month: int, day: int) -> int:
    """Return the day number in the Gregorian calendar; UNREADABLE if the month or day does not exist."""
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return UNREADABLE
    year -= month <= 2  # a year that starts in March ends with the leap day
    return 365 * year + year // 4 - year // 100 + year // 400 + (153 * ((month + 9) % 12) + 2) // 5 + day


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
