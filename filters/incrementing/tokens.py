"""Split a text into tokens that can be compared and counted."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from filters.compiled import compiled
from filters.incrementing.letters import ROMAN_VALUE, letter_values
from filters.incrementing.names import may_be_name, name_value, word_end
from filters.incrementing.numerals import (
    BYTE_CLASS,
    DECIMAL,
    DIGIT,
    DIGIT_VALUE,
    HEXADECIMAL,
    LETTER,
    NUMBER,
    PUNCTUATION,
    SIGN_STARTS,
    SPACE,
    TEXT,
    UNREADABLE,
    Bytes,
    may_be_sign,
    number_end,
    number_values,
)

# One record per token: numba passes a record to a function at no cost, unlike several arrays.
TOKEN = np.dtype(
    [
        ("start", np.int64),
        ("key", np.uint64),
        ("alphabet", np.int64),
        ("first", np.int64),
        ("second", np.int64),
        ("first_step", np.int64),
        ("second_step", np.int64),
        ("covering_record", np.int64),
        ("is_word", np.bool_),
    ],
    align=True,
)


class Token(Protocol):
    """A record of `TOKEN`.

    start: position of its first byte.
    key: a hash of its bytes; equal for all white space.
    alphabet: the kind of token it compares with; TEXT if it cannot count.
    first: its value as a decimal number or a name, or its code as a single letter; else UNREADABLE.
    second: its value as a hexadecimal number, a roman number or a date; else UNREADABLE.
    first_step, second_step: differences of the two values to the token one record on (`mark_progressions`).
    covering_record: length in tokens of the record that repeats here with numbers in progression; 0 if there is none
        (`mark_progressions`).
    is_word: whether it is a number or letters.
    """

    start: int
    key: int
    alphabet: int
    first: int
    second: int
    first_step: int
    second_step: int
    covering_record: int
    is_word: bool


_FNV_OFFSET, _FNV_PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)


@compiled
def tokenize(
    text: Bytes, begin: int, end: int, reading: int, tokens: NDArray[np.void], countable: NDArray[np.int64]
) -> tuple[int, int]:
    """Fill `tokens` from the bytes `text[begin:end]`, and `countable` with the positions of tokens that can count.

    Returns the number of both. One more token marks the end of the text. A token is a number in the given reading, a
    name, a word, or a run of white space, of one repeated punctuation mark, or of non-ASCII bytes.
    """
    count, number_countable, at = 0, 0, begin
    while at < end:
        byte, byte_class = text[at], BYTE_CLASS[text[at]]
        stop, alphabet, first, second = at, TEXT, UNREADABLE, UNREADABLE
        if (
            byte_class == DIGIT
            or (byte_class == LETTER and reading == HEXADECIMAL)
            or (byte in SIGN_STARTS and reading == DECIMAL)
        ):
            stop = number_end(text, at, begin, end, reading)
        if stop > at:
            alphabet = NUMBER
            first, second = number_values(text, at, stop, reading)
        elif byte_class == LETTER:
            stop = word_end(text, at, end)
            if stop - at == 1 or ROMAN_VALUE[byte] > 0:
                alphabet, first, second = letter_values(text, at, stop)
            if alphabet == TEXT and may_be_name(text, at, stop):
                stop, alphabet, first = name_value(text, at, stop, end)
        else:
            while stop < end and BYTE_CLASS[text[stop]] == byte_class:
                if byte_class == PUNCTUATION and text[stop] != byte:
                    break
                stop += 1
        token = tokens[count]
        token.start, token.alphabet, token.first, token.second = at, alphabet, first, second
        token.key = _FNV_OFFSET if byte_class == SPACE else _hash(text, at, stop)
        token.is_word = byte_class == LETTER or alphabet == NUMBER
        token.covering_record = 0
        if alphabet != TEXT:
            countable[number_countable] = count
            number_countable += 1
        count += 1
        at = stop
    tokens[count].start = end
    return count, number_countable


@compiled
def _hash(text: Bytes, at: int, stop: int) -> np.uint64:
    """Return the FNV-1a hash (Fowler, Noll and Vo) of the bytes `text[at:stop]`."""
    key = _FNV_OFFSET
    for i in range(at, stop):
        key = (key ^ np.uint64(text[i])) * _FNV_PRIME
    return key


@compiled
def other_readings(
    text: Bytes, begin: int, end: int, tokens: NDArray[np.void], countable: NDArray[np.int64]
) -> tuple[bool, bool]:
    """Return whether the readings DECIMAL and HEXADECIMAL may join some of the PLAIN tokens."""
    decimal, hexadecimal = False, False
    for i in countable:
        if tokens[i].alphabet != NUMBER:
            continue
        start, stop = tokens[i].start, tokens[i + 1].start
        if start > begin:
            decimal |= may_be_sign(text, start, begin)
            is_escape = start - 2 >= begin and text[start - 2] == ord("\\")
            hexadecimal |= is_escape or 10 <= DIGIT_VALUE[text[start - 1]] < 16
        if stop < end:
            is_point = text[stop] == ord(".")
            decimal |= is_point and stop + 1 < end and BYTE_CLASS[text[stop + 1]] == DIGIT
            hexadecimal |= 10 <= DIGIT_VALUE[text[stop]] < 16
    return decimal, hexadecimal
