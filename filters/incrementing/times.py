"""Read times of day written with colons, such as 9:50 or 09:50:30, and the minutes between them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from filters.compiled import compiled
from filters.incrementing.numerals import BILLION, BYTE_CLASS, DIGIT, NUMBER, PART_DIGITS, Bytes, sign_and_digits

_NO_TIME = np.iinfo(np.int64).min
_MINUTE = 60 * BILLION  # times are whole billionths of a second
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR


@compiled
def minutes_to_next(text: Bytes, tokens: NDArray[np.void], count: int, i: int, record: int) -> float:
    """Return the minutes from the time that holds token i to the next time; NaN if it holds none.

    A record may hold several times, as two do of which only the minutes change every record, 9:00 9:30. If they are in
    progression, the next one of them counts; if not, the time one record on.
    """
    begin, text_begin, end = i, tokens[0].start, tokens[count].start
    while begin >= 2 and tokens[begin - 2].alphabet == NUMBER and text[tokens[begin - 1].start] == ord(":"):
        begin -= 2
    if begin + record >= count or not begin <= i < begin + record:
        return np.nan
    first = _time_at(text, tokens[begin].start, text_begin, end)
    last = _time_at(text, tokens[begin + record].start, text_begin, end)
    if _NO_TIME in (first, last):
        return np.nan
    step, before = 0, first
    for k in range(begin + 1, begin + record + 1):
        time = _time_at(text, tokens[k].start, text_begin, end) if tokens[k].alphabet == NUMBER else _NO_TIME
        if time != _NO_TIME:
            next_step = _around(before, time)
            if step not in (0, next_step):
                return _around(first, last) / _MINUTE
            step, before = next_step, time
    return step / _MINUTE


@compiled
def _time_at(text: Bytes, at: int, begin: int, end: int) -> int:
    """Return the time at byte `at` of `text[begin:end]`, in billionths of a second; _NO_TIME if there is none.

    A time is one or two digits and one or two parts of two digits below 60, joined by colons. It may have a sign, and
    a fraction of seconds.
    """
    if at > begin and text[at - 1] == ord(":"):
        return _NO_TIME
    sign, digits = sign_and_digits(text, at)
    time, unit, i = 0, _HOUR, digits
    while unit > 0:
        start, value = i, 0
        while i < end and BYTE_CLASS[text[i]] == DIGIT and i - start < 3:
            value, i = 10 * value + text[i] - ord("0"), i + 1
        if not 1 <= i - start <= 2 or (unit < _HOUR and (i - start < 2 or value >= 60)):
            return _NO_TIME
        time, unit = time + value * unit, unit // 60 if unit > BILLION else 0
        if unit == 0 or i == end or text[i] != ord(":"):
            break
        i += 1
    if unit == _MINUTE or (i < end and text[i] == ord(":")):
        return _NO_TIME
    if unit == 0:
        time += _fraction(text, i, end)
    return sign * time


@compiled
def _fraction(text: Bytes, point: int, end: int) -> int:
    """Return the fraction at the byte `point`, in billionths; 0 if there is none."""
    value, unit, i = 0, BILLION // 10, point + 1
    if point < end and text[point] == ord("."):
        while i < end and i - point <= PART_DIGITS and BYTE_CLASS[text[i]] == DIGIT:
            value, unit, i = value + (text[i] - ord("0")) * unit, unit // 10, i + 1
    return value


@compiled
def _around(time: int, other: int) -> int:
    """Return the way from one time to another around the day, or around the half day of a 12-hour clock.

    The shorter way counts. A step of over six hours between two times that a 12-hour clock has leads over noon or
    midnight.
    """
    step = (other - time + _DAY // 2) % _DAY - _DAY // 2
    if 4 * abs(step) > _DAY and min(time, other) >= 0 and max(time, other) < 13 * _HOUR:
        step -= _DAY // 2 if step > 0 else -(_DAY // 2)
    return step
