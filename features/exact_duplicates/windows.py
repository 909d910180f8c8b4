"""How often windows of tokens occur in a corpus, exactly: found by their hash, then compared token by token."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.exact_duplicates.kernel import HASH_BITS, count_found, find_passing, index_rows, set_bits
from filters.contract import RaggedArray
from filters.kernel_input import read_only, read_only_rows

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
    distinct, hashes, window_of_row = index_rows(read_only(tokens, np.int32), slots, seen, np.uint64(hash_bits))
    return Windows(distinct, hashes, slots, seen, hash_bits), window_of_row


def count_windows(corpus: RaggedArray, windows: Windows, counts: NDArray[np.int64]) -> None:
    """Adds to `counts`, shape (windows,), at how many places of the rows each window occurs.

    At any offset, overlapping ones too, and never across the end of a row. corpus: token ids of any unsigned type, or
    int32 that are not negative.
    """
    starts, hashed = _passing(corpus, windows.tokens.shape[1], windows.seen, windows.hash_bits)
    table = [read_only(each, each.dtype) for each in windows[:3]]
    count_found(read_only(corpus.values, corpus.values.dtype), starts, hashed, *table, counts)


def make_filter(windows: int, most_bits: int = 1 << 40) -> NDArray[np.uint64]:
    """A filter without any window yet, of a size that suits so many, or of `most_bits`."""
    return np.zeros(min(_power_of_two(FILTER_BITS_A_WINDOW * windows), most_bits) // 64, np.uint64)


def add_to_filter(tokens: NDArray[np.int32], seen: NDArray[np.uint64], hash_bits: int = HASH_BITS) -> None:
    """Sets the bits of windows, shape (rows, length), in a filter."""
    set_bits(read_only(tokens, np.int32), seen, np.uint64(hash_bits))


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
    return find_passing(rows.values, rows.offsets, length, read_only(seen, np.uint64), np.uint64(hash_bits))


def _power_of_two(least: int) -> int:
    return 1 << max(6, int(least - 1).bit_length())
