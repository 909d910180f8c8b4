"""English names that count: months, weekdays and number words."""

from __future__ import annotations

from itertools import count

import numpy as np

from filters.compiled import compiled
from filters.incrementing.numerals import BYTE_CLASS, CARDINAL, LETTER, MONTH, ORDINAL, TEXT, UNREADABLE, WEEKDAY, Bytes

# Rows of: alphabet, value of the first name, names.
_NAMES = (
    (MONTH, 1, "january february march april may june july august september october november december"),
    (WEEKDAY, 1, "monday tuesday wednesday thursday friday saturday sunday"),
    (CARDINAL, 0, "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"),
    (CARDINAL, 16, "sixteen seventeen eighteen nineteen"),
    (ORDINAL, 1, "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth"),
    (ORDINAL, 14, "fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth"),
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
LONGEST_NAME = 11  # at five bits per letter, the key of a longer name would not fit


@compiled
def _key(text: Bytes, at: int, stop: int) -> int:
    """Return the ASCII letters `text[at:stop]` as a number that ignores case."""
    key = 0
    for i in range(at, stop):
        key = key << 5 | text[i] & 31
    return key


def _names() -> dict[str, tuple[int, int]]:
    """Return the alphabet and the value of each name."""
    names: dict[str, tuple[int, int]] = {}
    for alphabet, first, words in _NAMES:
        for value, word in enumerate(words.split(), first):
            names[word] = alphabet, value
            if alphabet in (MONTH, WEEKDAY):
                names[word[:3]] = alphabet, value
    for value, word in enumerate(_TENS.split(), 2):
        names |= {word: (CARDINAL, 10 * value), word.removesuffix("y") + "ieth": (ORDINAL, 10 * value)}
    return names


_BY_KEY = {_key.py_func(name.encode(), 0, len(name)): value for name, value in _names().items()}
# The smallest table size without collisions, so that one lookup is enough.
_PLACES = next(places for places in count(len(_BY_KEY)) if len({key % places for key in _BY_KEY}) == len(_BY_KEY))
_KEYS, _ALPHABETS, _VALUES = (np.zeros(_PLACES, np.int64) for _ in range(3))
for _name_key, _alphabet_and_value in _BY_KEY.items():
    _KEYS[_name_key % _PLACES] = _name_key
    _ALPHABETS[_name_key % _PLACES], _VALUES[_name_key % _PLACES] = _alphabet_and_value
# A bit mask of the names' lengths, by the key of their first two letters; it rules out most words.
_LENGTHS = np.zeros(1 << 10, np.int64)
for _name in _names():
    _LENGTHS[_key.py_func(_name.encode(), 0, 2)] |= 1 << len(_name)


@compiled
def word_end(text: Bytes, at: int, end: int) -> int:
    """Return the end of the word at byte `at`: capitals, then small letters, so that figMay is two words."""
    while at < end and ord("A") <= text[at] <= ord("Z"):
        at += 1
    while at < end and ord("a") <= text[at] <= ord("z"):
        at += 1
    return at


@compiled
def may_be_name(text: Bytes, at: int, stop: int) -> bool:
    """Return whether some name has the length and the first two letters of `text[at:stop]`."""
    if not 1 < stop - at <= LONGEST_NAME:
        return False
    return _LENGTHS[(text[at] & 31) << 5 | text[at + 1] & 31] >> (stop - at) & 1 == 1


@compiled
def _word_value(text: Bytes, at: int, stop: int) -> tuple[int, int]:
    if may_be_name(text, at, stop):
        key = _key(text, at, stop)
        if _KEYS[key % _PLACES] == key:
            return _ALPHABETS[key % _PLACES], _VALUES[key % _PLACES]
    return TEXT, UNREADABLE


@compiled
def name_value(text: Bytes, at: int, stop: int, end: int) -> tuple[int, int, int]:
    """Return the end, alphabet and value of the name at the letters `text[at:stop]`.

    The end is `stop`, except that "thirty-one" and "thirty first" are one name. Without a name, alphabet is TEXT and
    value is UNREADABLE.
    """
    alphabet, value = _word_value(text, at, stop)
    if alphabet == CARDINAL and value >= 20 and stop < end and text[stop] in (ord("-"), ord(" ")):
        unit_stop = stop + 1
        while unit_stop < end and BYTE_CLASS[text[unit_stop]] == LETTER:
            unit_stop += 1
        unit_alphabet, unit = _word_value(text, stop + 1, unit_stop)
        if unit_alphabet in (CARDINAL, ORDINAL) and 0 < unit < 10:
            return unit_stop, unit_alphabet, value + unit
    return stop, alphabet, value


@compiled
def cycle(alphabet: int) -> int:
    """Return the number of names after which the alphabet starts again; 0 if it does not."""
    if alphabet == MONTH:
        return 12
    return 7 if alphabet == WEEKDAY else 0
