"""Counting the n-grams of rows of ids: how many are distinct, and which occurs most often."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from filters.compiled import compiled
from filters.contract import RaggedArray
from filters.kernel_input import read_only_rows

LONGEST = 4  # n-grams of n = 1 to 4 are counted


class NgramCounts(NamedTuple):
    """What the n-grams of each row amount to: arrays of shape (LONGEST, rows), line n - 1 about the n-grams.

    distinct: int64, how many different n-grams the row holds; 0 where it is shorter than n.
    most: int64, how often the most frequent of them occurs; 0 where there is none.
    first: int64, where that one begins first, counted from the row's beginning; -1 where there is none.
        Of several that are equally frequent it is the one that occurs first.
    """

    distinct: NDArray[np.int64]
    most: NDArray[np.int64]
    first: NDArray[np.int64]


def count_ngrams(rows: RaggedArray) -> NgramCounts:
    """Counts the n-grams, n = 1 to LONGEST, of rows of non-negative int32 ids."""
    return NgramCounts(*_count_ngrams(*read_only_rows(rows, np.int32)))


@compiled
def _count_ngrams(
    values: NDArray[np.int32], offsets: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    rows = len(offsets) - 1
    distinct = np.zeros((LONGEST, rows), np.int64)
    most = np.zeros((LONGEST, rows), np.int64)
    first = np.full((LONGEST, rows), np.int64(-1))
    longest, slots = np.int64(0), 4
    for row in range(rows):
        longest = max(longest, offsets[row + 1] - offsets[row])
    while slots < 2 * longest:
        slots *= 2
    table = np.empty(slots, np.int64)
    keys, singles, grams = np.empty(longest, np.int64), np.empty(longest, np.int64), np.empty(longest, np.int64)
    counts, begins = np.empty(longest, np.int64), np.empty(longest, np.int64)
    for row in range(rows):
        length = offsets[row + 1] - offsets[row]
        for n in range(1, min(LONGEST, length) + 1):
            total = length - n + 1
            if n > 1 and distinct[n - 2, row] == total + 1:
                # No two (n-1)-grams are equal, so no two n-grams are.
                distinct[n - 1, row], most[n - 1, row], first[n - 1, row] = total, 1, 0
                continue
            for i in range(total):
                # An n-gram is the (n-1)-gram that it begins with and its last id; numbered within the row,
                # both are below `length`, so that the pair fits one integer and no two pairs share it.
                keys[i] = values[offsets[row] + i] if n == 1 else grams[i] * length + singles[i + n - 1]
            found = _number(keys[:total], table, grams, counts, begins)
            best = 0
            for number in range(found):
                best = number if counts[number] > counts[best] else best
            for i in range(length if n == 1 else 0):
                singles[i] = grams[i]
            distinct[n - 1, row], most[n - 1, row], first[n - 1, row] = found, counts[best], begins[best]
    return distinct, most, first


@compiled
def _number(
    keys: NDArray[np.int64],
    table: NDArray[np.int64],
    numbers: NDArray[np.int64],
    counts: NDArray[np.int64],
    begins: NDArray[np.int64],
) -> int:
    """Numbers the keys in order of first occurrence; gives how many are distinct.

    Fills, by position, the number of each key, and, by number, how often the key occurs and where first.
    table is scratch space for an open-addressing hash table, of at least twice as many slots as keys.
    """
    bits = 2
    while (1 << bits) < 2 * len(keys):
        bits += 1
    mask = (1 << bits) - 1
    for unused in range(mask + 1):
        table[unused] = -1
    found = 0
    for i in range(len(keys)):
        # Fibonacci hashing: the high bits of the product with 2**64 / golden ratio.
        product = np.uint64(keys[i]) * np.uint64(0x9E3779B97F4A7C15)
        slot = np.int64(product >> np.uint64(64 - bits))
        while table[slot] >= 0 and keys[begins[table[slot]]] != keys[i]:
            slot = (slot + 1) & mask
        number = table[slot]
        if number < 0:
            number = found
            table[slot], counts[number], begins[number] = number, 0, i
            found += 1
        counts[number] += 1
        numbers[i] = number
    return found
