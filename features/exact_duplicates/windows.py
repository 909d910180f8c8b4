"""Count exact occurrences of token windows in a corpus: find them by hash, then compare token by token."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.exact_duplicates.kernel import HASH_BITS, count_found, find_passing, index_rows, set_bits
from filters.contract import RaggedArray
from filters.hashing import draw_seed
from filters.kernel_input import read_only, read_only_rows

FILTER_BITS_A_WINDOW = 16  # one in 16 of the corpus windows that are not searched for passes the filter
SLOTS_A_WINDOW = 2  # at least; the table is half empty, so probing ends soon
EMPTY = np.int32(-1)
# Of the rolling hash where there is only a filter, which is not slow if hashes collide. It is odd, so that no token's
# contribution is lost modulo 2^64.
MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
WINDOWS_AT_A_TIME = 1 << 16


class Windows(NamedTuple):
    """Distinct windows of equal length to search for, in a hash table.

    tokens: int32, shape (windows, length).
    hashes: uint64, shape (windows,). slots: int32, a power of two of them: the window in the slot, or `EMPTY`.
    seen: uint64, the bits of a filter: a hash whose bit is 0 belongs to no window.
    multiplier: of the rolling hash, odd; drawn for each table (`draw_seed`).
    hash_bits: number of hash bits used; tests use few bits to make hashes collide.
    """

    tokens: NDArray[np.int32]
    hashes: NDArray[np.uint64]
    slots: NDArray[np.int32]
    seen: NDArray[np.uint64]
    multiplier: np.uint64
    hash_bits: int


def index_windows(tokens: NDArray[np.int32], hash_bits: int = HASH_BITS) -> tuple[Windows, NDArray[np.int64]]:
    """Return the distinct windows among `tokens`, shape (rows, length), and the index of each row's window, int64."""
    number, length = tokens.shape
    if not length:
        raise ValueError("expected windows of at least one token")
    slots = np.full(_power_of_two(SLOTS_A_WINDOW * number), EMPTY)
    seen = make_filter(number)
    multiplier, bits = draw_seed() | np.uint64(1), np.uint64(hash_bits)
    distinct, hashes, window_of_row = index_rows(read_only(tokens, np.int32), slots, seen, multiplier, bits)
    return Windows(distinct, hashes, slots, seen, multiplier, hash_bits), window_of_row


def count_windows(corpus: RaggedArray, windows: Windows, counts: NDArray[np.int64]) -> None:
    """Add the number of occurrences of each window in the corpus rows to `counts`, shape (windows,).

    Occurrences count at any offset, may overlap, and never cross the end of a row. corpus: token ids of any unsigned
    type, or non-negative int32.
    """
    starts, hashed = _passing(corpus, windows.tokens.shape[1], windows.seen, windows.multiplier, windows.hash_bits)
    table = [read_only(each, each.dtype) for each in windows[:3]]
    count_found(read_only(corpus.values, corpus.values.dtype), starts, hashed, *table, counts)


def make_filter(windows: int, most_bits: int = 1 << 40) -> NDArray[np.uint64]:
    """Return an empty filter, sized for that many windows, of at most `most_bits` bits."""
    return np.zeros(min(_power_of_two(FILTER_BITS_A_WINDOW * windows), most_bits) // 64, np.uint64)


def add_to_filter(tokens: NDArray[np.int32], seen: NDArray[np.uint64], hash_bits: int = HASH_BITS) -> None:
    """Set the bits of windows, shape (rows, length), in a filter."""
    set_bits(read_only(tokens, np.int32), seen, MULTIPLIER, np.uint64(hash_bits))


def windows_that_pass(
    corpus: RaggedArray, length: int, seen: NDArray[np.uint64], hash_bits: int = HASH_BITS
) -> Iterator[NDArray[np.int32]]:
    """Yield the windows that pass a filter, int32, in batches: all that were added to it, and some others."""
    starts, _ = _passing(corpus, length, seen, MULTIPLIER, hash_bits)
    for first in range(0, len(starts), WINDOWS_AT_A_TIME):
        places = starts[first : first + WINDOWS_AT_A_TIME, None] + np.arange(length)
        yield corpus.values[places].astype(np.int32)


def _passing(
    corpus: RaggedArray, length: int, seen: NDArray[np.uint64], multiplier: np.uint64, hash_bits: int
) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """Return the starts and hashes of the windows that pass the filter."""
    rows = read_only_rows(corpus, corpus.values.dtype)
    bits = np.uint64(hash_bits)
    return find_passing(rows.values, rows.offsets, length, read_only(seen, np.uint64), multiplier, bits)


def _power_of_two(least: int) -> int:
    return 1 << max(6, int(least - 1).bit_length())
