"""Split text into words: maximal runs of non-whitespace characters, as in `str.split()`."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from filters.compiled import compiled
from filters.contract import RaggedArray
from filters.hashing import EVERY_BIT, draw_seed, mix
from filters.kernel_input import read_only_rows

Bytes = NDArray[np.uint8]


class Words(NamedTuple):
    """The words of each row of a text.

    ids: int32 rows: equal words have equal ids within a row; numbered from 0 in order of occurrence.
    starts, stops: int64, shape (words of all rows,): the position of each word in the text's values.
    """

    ids: RaggedArray
    starts: NDArray[np.int64]
    stops: NDArray[np.int64]


def words_of(text: RaggedArray, hash_mask: int = EVERY_BIT) -> Words:
    """Return the words of each row of valid UTF-8 (uint8); none for a row of only whitespace.

    hash_mask: the hash bits used for lookup. Equality is decided by the bytes, so any mask gives the same result.
    """
    values, text_offsets = read_only_rows(text, np.uint8)
    offsets, starts, stops, hashes = _find_words(values, text_offsets, draw_seed(), np.uint64(hash_mask))
    return Words(RaggedArray(_number_words(values, offsets, starts, stops, hashes), offsets), starts, stops)


# The kind of a single byte: part of a word, whitespace, or possibly the start of whitespace.
_WORD, _SPACE, _EITHER = 0, 1, 2
_KINDS = np.zeros(256, np.uint8)
_KINDS[[*range(0x09, 0x0E), *range(0x1C, 0x21)]] = _SPACE
_KINDS[[0xC2, 0xE1, 0xE2, 0xE3]] = _EITHER


@compiled
def _multibyte_whitespace_length(text: Bytes, at: int, stop: int) -> int:
    """Return the length in bytes of the whitespace character at a byte of kind _EITHER; 0 if there is none."""
    first = text[at]
    if first == 0xC2:  # U+0085, U+00A0
        return 2 if at + 1 < stop and (text[at + 1] == 0x85 or text[at + 1] == 0xA0) else 0
    if at + 2 >= stop:
        return 0
    second, third = text[at + 1], text[at + 2]
    if first == 0xE1:  # U+1680
        return 3 if second == 0x9A and third == 0x80 else 0
    if first == 0xE3:  # U+3000
        return 3 if second == 0x80 and third == 0x80 else 0
    if second == 0x81:  # U+205F
        return 3 if third == 0x9F else 0
    # U+2000 to U+200A, U+2028, U+2029, U+202F
    is_space = 0x80 <= third <= 0x8A or third == 0xA8 or third == 0xA9 or third == 0xAF
    return 3 if second == 0x80 and is_space else 0


@compiled
def _find_words(
    text: Bytes, offsets: NDArray[np.int64], seed: np.uint64, hash_mask: np.uint64
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.uint64]]:
    """Return the rows' offsets among the words, the words' starts and stops, and a hash of each."""
    most = (len(text) + len(offsets)) // 2  # a word and the whitespace after it take at least two bytes
    starts, stops = np.empty(most, np.int64), np.empty(most, np.int64)
    hashes = np.empty(most, np.uint64)
    word_offsets = np.zeros(len(offsets), np.int64)
    found = 0
    for row in range(len(offsets) - 1):
        at, stop = offsets[row], offsets[row + 1]
        start, digest, chunk = np.int64(-1), seed, np.uint64(0)
        while at < stop:
            kind = _KINDS[text[at]]
            gap = 0 if kind == _WORD else 1 if kind == _SPACE else _multibyte_whitespace_length(text, at, stop)
            if gap == 0:
                if start < 0:
                    start, digest, chunk = at, seed, np.uint64(0)
                chunk = chunk << np.uint64(8) | np.uint64(text[at])
                at += 1
                if (at - start) % 8 == 0:
                    digest, chunk = mix(digest ^ chunk), np.uint64(0)
                continue
            if start >= 0:
                starts[found], stops[found], hashes[found] = start, at, _finish(digest, chunk, at - start) & hash_mask
                found, start = found + 1, np.int64(-1)
            at += gap
        if start >= 0:
            starts[found], stops[found], hashes[found] = start, stop, _finish(digest, chunk, stop - start) & hash_mask
            found += 1
        word_offsets[row + 1] = found
    return word_offsets, starts[:found], stops[:found], hashes[:found]


@compiled
def _finish(digest: np.uint64, chunk: np.uint64, length: int) -> np.uint64:
    """Return the hash of a word from that of its whole chunks of 8 bytes, its last bytes, and its length."""
    return mix((digest ^ chunk) + np.uint64(length) * np.uint64(0x9E3779B97F4A7C15))


@compiled
def _number_words(
    text: Bytes,
    offsets: NDArray[np.int64],
    starts: NDArray[np.int64],
    stops: NDArray[np.int64],
    hashes: NDArray[np.uint64],
) -> NDArray[np.int32]:
    """Return the words' ids, using one open-addressing hash table per row; equal hashes are compared byte by byte."""
    ids = np.empty(len(starts), np.int32)
    slots = np.empty(4, np.int64)
    for row in range(len(offsets) - 1):
        size = 4
        while size < 2 * (offsets[row + 1] - offsets[row]):
            size *= 2
        if size > len(slots):
            slots = np.empty(size, np.int64)
        for unused in range(size):
            slots[unused] = -1
        distinct = 0
        for word in range(offsets[row], offsets[row + 1]):
            slot = np.int64(hashes[word]) & (size - 1)
            while slots[slot] >= 0 and not _are_equal(text, starts, stops, hashes, slots[slot], word):
                slot = (slot + 1) & (size - 1)
            if slots[slot] < 0:
                slots[slot] = word
                ids[word] = distinct
                distinct += 1
            else:
                ids[word] = ids[slots[slot]]
    return ids


@compiled
def _are_equal(
    text: Bytes,
    starts: NDArray[np.int64],
    stops: NDArray[np.int64],
    hashes: NDArray[np.uint64],
    one: int,
    other: int,
) -> bool:
    if hashes[one] != hashes[other] or stops[one] - starts[one] != stops[other] - starts[other]:
        return False
    length, same = stops[one] - starts[one], 0
    while same < length and text[starts[one] + same] == text[starts[other] + same]:
        same += 1
    return same == length
