"""How often windows of tokens occur in a corpus, exactly: found by their hash, then compared token by token."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from filters.compiled import compiled
from filters.contract import RaggedArray
from filters.kernel_input import read_only, read_only_rows

HASH_BITS = 64
MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)  # odd, so that no token's part is lost modulo 2^64
FILTER_BITS_A_WINDOW = 16  # one window of the corpus in 16 that are not asked for is looked up in vain
SLOTS_A_WINDOW = 2  # at least; half empty, so that a search ends soon
EMPTY = np.int32(-1)
WINDOWS_AT_A_TIME = 1 << 16


class Windows(NamedTuple):
    """Distinct windows of equal length that are asked for, in a hash table.

    tokens: int32, shape (windows, length).
    hashes: uint64, shape (windows,). slots: int32, a power of two of them: the window that lies there, or `EMPTY`.
    seen: uint64, the bits of a filter: a hash whose bit is not set is of no window.
    hash_bits: how many bits of a hash are used; fewer than all make them collide, for tests.
    """

    tokens: NDArray[np.int32]
    hashes: NDArray[np.uint64]
    slots: NDArray[np.int32]
    seen: NDArray[np.uint64]
    hash_bits: int


def cut_windows(tokens: RaggedArray, start: int, stop: int) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Of each row that is long enough its position, int64, and its tokens from `start` to `stop`, int32, in a row."""
    rows = np.flatnonzero(np.diff(tokens.offsets) >= stop)
    places = tokens.offsets[rows, None] + np.arange(start, stop)
    return rows, tokens.values[places].astype(np.int32)


def index_windows(tokens: NDArray[np.int32], hash_bits: int = HASH_BITS) -> tuple[Windows, NDArray[np.int64]]:
    """The distinct windows among `tokens`, shape (rows, length), and which of them each row is, int64."""
    number, length = tokens.shape
    if not length:
        raise ValueError("expected windows of at least one token")
    slots = np.full(_power_of_two(SLOTS_A_WINDOW * number), EMPTY)
    seen = make_filter(number)
    distinct, hashes, window_of_row = _index(read_only(tokens, np.int32), slots, seen, np.uint64(hash_bits))
    return Windows(distinct, hashes, slots, seen, hash_bits), window_of_row


def count_windows(corpus: RaggedArray, windows: Windows, counts: NDArray[np.int64]) -> None:
    """Adds to `counts`, shape (windows,), at how many places of the rows each window occurs.

    At any offset, overlapping ones too, and never across the end of a row. corpus: token ids of any unsigned type, or
    int32 that are not negative.
    """
    starts, hashed = _passing(corpus, windows.tokens.shape[1], windows.seen, windows.hash_bits)
    table = [read_only(each, each.dtype) for each in windows[:3]]
    _count(read_only(corpus.values, corpus.values.dtype), starts, hashed, *table, counts)


def make_filter(windows: int, most_bits: int = 1 << 40) -> NDArray[np.uint64]:
    """A filter without any window yet, of a size that suits so many, or of `most_bits`."""
    return np.zeros(min(_power_of_two(FILTER_BITS_A_WINDOW * windows), most_bits) // 64, np.uint64)


def add_to_filter(tokens: NDArray[np.int32], seen: NDArray[np.uint64], hash_bits: int = HASH_BITS) -> None:
    """Sets the bits of windows, shape (rows, length), in a filter."""
    _add_to_filter(read_only(tokens, np.int32), seen, np.uint64(hash_bits))


def windows_that_pass(
    corpus: RaggedArray, length: int, seen: NDArray[np.uint64], hash_bits: int = HASH_BITS
) -> Iterator[NDArray[np.int32]]:
    """The windows of the rows that pass a filter, int32, some at a time: all that were added to it, and some others."""
    starts, _ = _passing(corpus, length, seen, hash_bits)
    for first in range(0, len(starts), WINDOWS_AT_A_TIME):
        places = starts[first : first + WINDOWS_AT_A_TIME, None] + np.arange(length)
        yield corpus.values[places].astype(np.int32)


def _passing(
    corpus: RaggedArray, length: int, seen: NDArray[np.uint64], hash_bits: int
) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """Where in the values the windows begin that pass the filter, and their hashes."""
    rows = read_only_rows(corpus, corpus.values.dtype)
    return _pass(rows.values, rows.offsets, length, read_only(seen, np.uint64), np.uint64(hash_bits))


def _power_of_two(least: int) -> int:
    return 1 << max(6, int(least - 1).bit_length())


@compiled
def _index(
    tokens: NDArray[np.int32], slots: NDArray[np.int32], seen: NDArray[np.uint64], hash_bits: np.uint64
) -> tuple[NDArray[np.int32], NDArray[np.uint64], NDArray[np.int64]]:
    """As `index_windows`: the distinct windows, their hashes, and the window of each row."""
    number, length = tokens.shape
    values = tokens.ravel()
    distinct, hashes = np.empty_like(tokens), np.empty(number, np.uint64)
    window_of_row = np.empty(number, np.int64)
    found = 0
    for row in range(number):
        hashed = _hash(tokens[row], hash_bits)
        window = _find(values, row * length, distinct, hashes, slots, hashed)
        if window < 0:
            window = found
            distinct[window], hashes[window] = tokens[row], hashed
            _insert(slots, hashed, window)
            _set_bit(seen, hashed)
            found += 1
        window_of_row[row] = window
    return distinct[:found].copy(), hashes[:found].copy(), window_of_row


@compiled
def _add_to_filter(tokens: NDArray[np.int32], seen: NDArray[np.uint64], hash_bits: np.uint64) -> None:
    """As `add_to_filter`."""
    for row in range(len(tokens)):
        _set_bit(seen, _hash(tokens[row], hash_bits))


@compiled
def _pass(
    values: NDArray[np.generic],
    offsets: NDArray[np.int64],
    length: int,
    seen: NDArray[np.uint64],
    hash_bits: np.uint64,
) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """As `_passing`; the hash of a window is made of that of the one before it (Karp and Rabin 1987)."""
    leaving = np.uint64(1)  # what the token that leaves the window was multiplied by
    for _ in range(length):
        leaving *= MULTIPLIER
    starts, hashes = np.empty(len(values), np.int64), np.empty(len(values), np.uint64)
    found = 0
    for row in range(len(offsets) - 1):
        rolling = np.uint64(0)
        for place in range(offsets[row], offsets[row + 1]):
            rolling = rolling * MULTIPLIER + np.uint64(values[place])
            start = place - length + 1
            if start < offsets[row]:
                continue
            if start > offsets[row]:
                rolling -= np.uint64(values[start - 1]) * leaving
            hashed = _mix(rolling, hash_bits)
            bit = _filter_bit(hashed, seen)
            if (seen[bit >> np.uint64(6)] >> (bit & np.uint64(63))) & np.uint64(1):
                starts[found], hashes[found] = start, hashed
                found += 1
    return starts[:found].copy(), hashes[:found].copy()


@compiled
def _count(
    values: NDArray[np.generic],
    starts: NDArray[np.int64],
    hashed: NDArray[np.uint64],
    tokens: NDArray[np.int32],
    hashes: NDArray[np.uint64],
    slots: NDArray[np.int32],
    counts: NDArray[np.int64],
) -> None:
    """As `count_windows`, of the windows that pass the filter."""
    for place in range(len(starts)):
        window = _find(values, starts[place], tokens, hashes, slots, hashed[place])
        if window >= 0:
            counts[window] += 1


@njit
def _hash(window: NDArray[np.int32], hash_bits: np.uint64) -> np.uint64:
    rolling = np.uint64(0)
    for token in window:
        rolling = rolling * MULTIPLIER + np.uint64(token)
    return _mix(rolling, hash_bits)


@njit
def _find(
    values: NDArray[np.generic],
    start: int,
    tokens: NDArray[np.int32],
    hashes: NDArray[np.uint64],
    slots: NDArray[np.int32],
    hashed: np.uint64,
) -> int:
    """Which window begins at `start` of the corpus; -1 where none does."""
    slot = hashed & np.uint64(len(slots) - 1)
    while slots[slot] >= 0:
        window = slots[slot]
        if hashes[window] == hashed:
            place = 0
            while place < tokens.shape[1] and np.int64(values[start + place]) == np.int64(tokens[window, place]):
                place += 1
            if place == tokens.shape[1]:
                return window
        slot = (slot + np.uint64(1)) & np.uint64(len(slots) - 1)
    return -1


@njit
def _insert(slots: NDArray[np.int32], hashed: np.uint64, window: int) -> None:
    slot = hashed & np.uint64(len(slots) - 1)
    while slots[slot] >= 0:
        slot = (slot + np.uint64(1)) & np.uint64(len(slots) - 1)
    slots[slot] = window


@njit
def _set_bit(seen: NDArray[np.uint64], hashed: np.uint64) -> None:
    bit = _filter_bit(hashed, seen)
    seen[bit >> np.uint64(6)] |= np.uint64(1) << (bit & np.uint64(63))


@njit(inline="always")
def _mix(rolling: np.uint64, hash_bits: np.uint64) -> np.uint64:
    """The hash, its bits spread over all: the low ones of a product depend on those of the tokens alone."""
    rolling ^= rolling >> np.uint64(32)
    rolling *= np.uint64(0xD6E8FEB86659FD93)
    rolling ^= rolling >> np.uint64(32)
    return rolling >> (np.uint64(HASH_BITS) - hash_bits)


@njit(inline="always")
def _filter_bit(hashed: np.uint64, seen: NDArray[np.uint64]) -> np.uint64:
    """Which bit of the filter is a hash's: by its high bits, since its low ones say the slot."""
    return (hashed >> np.uint64(20)) & np.uint64(len(seen) * 64 - 1)
