"""Count the n-grams of rows of ids: how many are distinct, and which occurs most often."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from filters.compiled import compiled
from filters.contract import RaggedArray
from filters.hashing import draw_seed, mix
from filters.kernel_input import read_only_rows

LONGEST = 4  # counts n-grams of n = 1 to 4


class NgramCounts(NamedTuple):
    """N-gram counts of each row: arrays of shape (LONGEST, rows), with the n-grams in line n - 1.

    distinct: int64, number of distinct n-grams; 0 if the row is shorter than n.
    most: int64, occurrences of the most frequent n-gram; 0 if there is none.
    first: int64, position in the row of its first occurrence; -1 if there is none. On a tie, the n-gram that occurs
        first wins.
    """

    distinct: NDArray[np.int64]
    most: NDArray[np.int64]
    first: NDArray[np.int64]


def count_ngrams(rows: RaggedArray) -> NgramCounts:
    """Count the n-grams, n = 1 to LONGEST, of rows of non-negative int32 ids."""
    return NgramCounts(*_count_ngrams(*read_only_rows(rows, np.int32), draw_seed()))


@compiled
def _count_ngrams(
    values: NDArray[np.int32], offsets: NDArray[np.int64], seed: np.uint64
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
                # All (n-1)-grams are distinct, so all n-grams are too.
                distinct[n - 1, row], most[n - 1, row], first[n - 1, row] = total, 1, 0
                continue
            for i in range(total):
                # An n-gram is its leading (n-1)-gram and its last id. Both are numbered within the row, below `length`,
                # so the pair fits one integer without collisions.
                keys[i] = values[offsets[row] + i] if n == 1 else grams[i] * length + singles[i + n - 1]
            found = _number(keys[:total], seed, table, grams, counts, begins)
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
    seed: np.uint64,
    table: NDArray[np.int64],
    numbers: NDArray[np.int64],
    counts: NDArray[np.int64],
    begins: NDArray[np.int64],
) -> int:
    """Number the keys in order of first occurrence; return how many are distinct.

    Fills `numbers` by position, and `counts` and `begins` (first position) by number. `table` is scratch space for an
    open-addressing hash table, with at least two slots per key.
    """
    bits = 2
    while (1 << bits) < 2 * len(keys):
        bits += 1
    mask = (1 << bits) - 1
    for unused in range(mask + 1):
        table[unused] = -1
    found = 0
    for i in range(len(keys)):
        slot = np.int64(mix(np.uint64(keys[i]) ^ seed)) & mask
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
