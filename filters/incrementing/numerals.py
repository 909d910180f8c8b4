"""Read numbers from bytes: decimal and hexadecimal."""

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

SIGN_STARTS = (ord("-"), ord("+"), 0xE2)  # first bytes of the signs; U+2212 is written e2 88 92
_MINUS_BYTES = 3  # of U+2212

UNREADABLE = np.iinfo(np.int64).min
BILLION = 10**9  # DECIMAL values are whole billionths, so that steps compare exactly
PART_DIGITS = 9  # at most this many digits on either side of the point; a longer number is not read as a fraction
DECIMAL_RANGE = 10**18  # a longer number keeps its last digits, the ones that count
HEXADECIMAL_RANGE = 16**15
DATE_DIGITS = 8  # a calendar date without separators, 20191231

SPACE, PUNCTUATION, DIGIT, LETTER, BEYOND_ASCII = range(5)


def byte_table(default: int, entries: dict[str, int]) -> NDArray[np.int64]:
    table = np.full(256, default, np.int64)
    for characters, value in entries.items():
        table[list((characters + characters.upper()).encode())] = value
    return table


BYTE_CLASS = byte_table(PUNCTUATION, {" \t\n\r\f\v": SPACE, "0123456789": DIGIT, "abcdefghijklmnopqrstuvwxyz": LETTER})
BYTE_CLASS[128:] = BEYOND_ASCII
DIGIT_VALUE = byte_table(16, {digit: value for value, digit in enumerate("0123456789abcdef")})


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

    0x with its digits is one number in every reading. DECIMAL includes a sign (-, + or U+2212) and a fraction, but
    splits "a-1" and "1.2.3". HEXADECIMAL includes whole words of hexadecimal digits, and \\x9f and \\u009f.
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
    digits = at + _sign_length(text, at, begin, end)
    stop = _unsigned_decimal_end(text, digits, begin, end)
    # In "-5-", as page numbers are written, the marks are no signs.
    is_between_marks = digits > at and stop < end and text[stop] == ord("-")
    return at if stop == digits or is_between_marks else stop


@compiled
def _sign_length(text: Bytes, at: int, begin: int, end: int) -> int:
    """Return the length in bytes of the sign at byte `at`, where a sign may stand; 0 if there is none."""
    if at > begin and (_is_alphanumeric(text, at - 1, begin, end) or text[at - 1] in (ord(")"), ord("."))):
        return 0
    if text[at] in (ord("-"), ord("+")):
        return 1
    is_minus = at + 2 < end and text[at] == 0xE2 and text[at + 1] == 0x88 and text[at + 2] == 0x92
    return _MINUS_BYTES if is_minus else 0


@compiled
def sign_and_digits(text: Bytes, at: int) -> tuple[int, int]:
    """Return the sign, 1 or -1, of the number at byte `at`, and where its digits begin."""
    if text[at] not in SIGN_STARTS:
        return 1, at
    return 1 if text[at] == ord("+") else -1, at + (_MINUS_BYTES if text[at] == 0xE2 else 1)


@compiled
def may_be_sign(text: Bytes, stop: int, begin: int) -> bool:
    """Return whether a sign may end before byte `stop`; a quick test that is also true for other text."""
    if text[stop - 1] == 0x92:
        return True
    is_mark = text[stop - 1] in (ord("-"), ord("+"))
    return is_mark and (stop - 2 < begin or BYTE_CLASS[text[stop - 2]] not in (DIGIT, LETTER))


@compiled
def _unsigned_decimal_end(text: Bytes, digits: int, begin: int, end: int) -> int:
    point = _digits_end(text, digits, end, 10)
    if point == digits:
        return digits
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
    sign, at = sign_and_digits(text, at)
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
