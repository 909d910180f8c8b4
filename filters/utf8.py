"""Decode UTF-8 in flat byte buffers: replace malformed bytes, convert characters to code points."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from filters.compiled import compiled
from filters.contract import RaggedArray
from filters.kernel_input import read_only, read_only_rows

Bytes = NDArray[np.uint8]


def is_utf8(value: bytes) -> bool:
    """Return whether the bytes are valid UTF-8."""
    try:
        value.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def replace_malformed(text: RaggedArray, is_suspect: NDArray[np.bool_]) -> RaggedArray:
    """Return the rows (uint8) with malformed UTF-8 replaced by U+FFFD; only the suspect rows are checked.

    Each maximal subpart of an ill-formed sequence becomes one U+FFFD, as in Python's errors="replace" and Rust's
    from_utf8_lossy (Unicode Standard, chapter 3, "U+FFFD Substitution of Maximal Subparts").
    """
    values, offsets = read_only_rows(text, np.uint8)
    return RaggedArray(*_replace_malformed(values, offsets, read_only(is_suspect, np.bool_)))


def code_points(text: RaggedArray) -> RaggedArray:
    """Return the Unicode code points (int32) of each row of UTF-8; malformed bytes count as U+FFFD."""
    return RaggedArray(*_code_points(*read_only_rows(text, np.uint8)))


@compiled
def _character_at(text: Bytes, at: int, stop: int) -> tuple[int, int]:
    """Return the code point at `at` and its length in bytes, or -1 and the length of the ill-formed part.

    `stop` is the end of the row. The byte ranges are those of table 3-7 of the Unicode Standard ("Well-Formed UTF-8
    Byte Sequences").
    """
    lead = int(text[at])
    if lead < 0x80:
        return lead, 1
    if lead < 0xC2 or lead > 0xF4:
        return -1, 1
    if lead < 0xE0:
        length, point = 2, lead & 0x1F
    elif lead < 0xF0:
        length, point = 3, lead & 0x0F
    else:
        length, point = 4, lead & 0x07
    # The second byte's range excludes overlong forms, surrogates and code points above U+10FFFF.
    low = 0xA0 if lead == 0xE0 else 0x90 if lead == 0xF0 else 0x80
    high = 0x9F if lead == 0xED else 0x8F if lead == 0xF4 else 0xBF
    for k in range(1, length):
        if at + k >= stop or text[at + k] < low or text[at + k] > high:
            return -1, k
        point = (point << 6) | int(text[at + k] & 0x3F)
        low, high = 0x80, 0xBF
    return point, length


@compiled
def _replace_malformed(
    text: Bytes, offsets: NDArray[np.int64], is_suspect: NDArray[np.bool_]
) -> tuple[Bytes, NDArray[np.int64]]:
    room = len(text)
    for row in range(len(is_suspect)):
        if is_suspect[row]:  # at worst, each byte becomes the three bytes of U+FFFD
            room += 2 * (offsets[row + 1] - offsets[row])
    out = np.empty(room, np.uint8)
    out_offsets = np.zeros(len(offsets), np.int64)
    end = 0
    for row in range(len(is_suspect)):
        at, stop = offsets[row], offsets[row + 1]
        while at < stop:
            point, length = _character_at(text, at, stop) if is_suspect[row] else (0, stop - at)
            if point == -1:
                out[end], out[end + 1], out[end + 2] = 0xEF, 0xBF, 0xBD
                end += 3
            else:
                for k in range(length):
                    out[end + k] = text[at + k]
                end += length
            at += length
        out_offsets[row + 1] = end
    return out[:end], out_offsets


@compiled
def _code_points(text: Bytes, offsets: NDArray[np.int64]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    out = np.empty(len(text), np.int32)
    out_offsets = np.zeros(len(offsets), np.int64)
    end = 0
    for row in range(len(offsets) - 1):
        at, stop = offsets[row], offsets[row + 1]
        while at < stop:
            point, length = _character_at(text, at, stop)
            out[end] = point if point >= 0 else 0xFFFD
            end += 1
            at += length
        out_offsets[row + 1] = end
    return out[:end], out_offsets
