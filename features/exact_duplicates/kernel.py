"""Compiled loops of `features.exact_duplicates.windows`: hashing, lookup, comparison."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from filters.compiled import compiled

HASH_BITS = 64


@compiled
def index_rows(
    tokens: NDArray[np.int32],
    slots: NDArray[np.int32],
    seen: NDArray[np.uint64],
    multiplier: np.uint64,
    hash_bits: np.uint64,
) -> tuple[NDArray[np.int32], NDArray[np.uint64], NDArray[np.int64]]:
    """Return the distinct windows, their hashes, and the window of each row; see `windows.index_windows`."""
    number, length = tokens.shape
    values = tokens.ravel()
    distinct, hashes = np.empty_like(tokens), np.empty(number, np.uint64)
    window_of_row = np.empty(number, np.int64)
    found = 0
    for row in range(number):
        hashed = _hash(tokens[row], multiplier, hash_bits)
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
def set_bits(tokens: NDArray[np.int32], seen: NDArray[np.uint64], multiplier: np.uint64, hash_bits: np.uint64) -> None:
    """Set the filter bits of the rows; see `windows.add_to_filter`."""
    for row in range(len(tokens)):
        _set_bit(seen, _hash(tokens[row], multiplier, hash_bits))


@compiled
def find_passing(
    values: NDArray[np.generic],
    offsets: NDArray[np.int64],
    length: int,
    seen: NDArray[np.uint64],
    multiplier: np.uint64,
    hash_bits: np.uint64,
) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """Return the starts and hashes of the corpus windows whose filter bit is set.

    Uses a rolling hash (Karp and Rabin 1987).
    """
    leaving = np.uint64(1)  # the factor of the token that leaves the window
    for _ in range(length):
        leaving *= multiplier
    starts, hashes = np.empty(len(values), np.int64), np.empty(len(values), np.uint64)
    found = 0
    for row in range(len(offsets) - 1):
        rolling = np.uint64(0)
        for place in range(offsets[row], offsets[row + 1]):
            rolling = rolling * multiplier + np.uint64(values[place])
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
def count_found(
    values: NDArray[np.generic],
    starts: NDArray[np.int64],
    hashed: NDArray[np.uint64],
    tokens: NDArray[np.int32],
    hashes: NDArray[np.uint64],
    slots: NDArray[np.int32],
    counts: NDArray[np.int64],
) -> None:
    """Add the occurrences of windows that pass the filter to `counts`; see `windows.count_windows`."""
    for place in range(len(starts)):
        window = _find(values, starts[place], tokens, hashes, slots, hashed[place])
        if window >= 0:
            counts[window] += 1


@njit
def _hash(window: NDArray[np.int32], multiplier: np.uint64, hash_bits: np.uint64) -> np.uint64:
    rolling = np.uint64(0)
    for token in window:
        rolling = rolling * multiplier + np.uint64(token)
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
    """Return the window that begins at `start` of the corpus; -1 if there is none."""
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
    """Return the hash with its bits mixed: the low bits of a product depend only on the low bits of the tokens."""
    rolling ^= rolling >> np.uint64(32)
    rolling *= np.uint64(0xD6E8FEB86659FD93)
    rolling ^= rolling >> np.uint64(32)
    return rolling >> (np.uint64(HASH_BITS) - hash_bits)


@njit(inline="always")
def _filter_bit(hashed: np.uint64, seen: NDArray[np.uint64]) -> np.uint64:
    """Return the hash's bit in the filter. High bits choose it, since the low bits choose the slot."""
    return (hashed >> np.uint64(20)) & np.uint64(len(seen) * 64 - 1)
