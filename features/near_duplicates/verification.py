"""Which pairs of a block of candidates are near duplicates in truth."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from features.near_duplicates.similarity import number_shingles
from filters.compiled import compiled
from filters.contract import RaggedArray
from filters.kernel_input import read_only, read_only_rows

FIRST_CAPACITY = 1024  # of the list of pairs, which doubles when it is full


def near_duplicate_pairs(
    tokens: RaggedArray,
    hashes: NDArray[np.int64],
    blocks: RaggedArray,
    left_sizes: NDArray[np.int32],
    ngram_tokens: int,
    thresholds: NDArray[np.float64],
) -> NDArray[np.int64]:
    """The pairs of rows whose Jaccard similarity is at least the first threshold: int64, shape (pairs, 3).

    Of each the two row numbers, and the number of the last threshold that its similarity reaches.

    tokens: int32, the rows of all blocks, one block after the other.
    hashes: int64, shape (rows, bands), the band hashes of the rows.
    blocks: the bucket (int64) of each block as its values, one a block, and the rows of each as its offsets.
    left_sizes: int32, shape (blocks,), as in `buckets.Blocks`. thresholds: float64, one or more, in ascending order.
    A pair that shares several buckets is given by the block of the smallest of them alone, so that a pair is found
    once in the blocks of all buckets together, however many bands agree.
    """
    shingles = read_only_rows(number_shingles(tokens, blocks.offsets, ngram_tokens), np.int64)
    return _near_duplicate_pairs(
        shingles.values,
        shingles.offsets,
        read_only(hashes, np.int64),
        read_only(blocks.values, np.int64),
        read_only(blocks.offsets, np.int64),
        read_only(left_sizes, np.int64),
        read_only(thresholds, np.float64),
    )


@compiled
def _near_duplicate_pairs(
    shingles: NDArray[np.int64],
    offsets: NDArray[np.int64],
    hashes: NDArray[np.int64],
    buckets: NDArray[np.int64],
    block_offsets: NDArray[np.int64],
    left_sizes: NDArray[np.int64],
    thresholds: NDArray[np.float64],
) -> NDArray[np.int64]:
    pairs, found = np.empty((FIRST_CAPACITY, 3), np.int64), 0
    numbers = 0
    for number in shingles:
        numbers = max(numbers, number + 1)
    owners = np.full(numbers, np.int64(-1))  # by shingle: the last first row of pairs that has it
    for block in range(len(buckets)):
        start, stop = block_offsets[block], block_offsets[block + 1]
        right = start + left_sizes[block]
        for first in range(start, right):
            for i in range(offsets[first], offsets[first + 1]):
                owners[shingles[i]] = first
            size = offsets[first + 1] - offsets[first]
            for second in range(first + 1 if right == stop else right, stop):
                other = offsets[second + 1] - offsets[second]
                # The similarity is at most the ratio of the sizes.
                if min(size, other) / max(size, other) < thresholds[0]:
                    continue
                if not _is_smallest_common(hashes, first, second, buckets[block]):
                    continue
                common = 0
                for i in range(offsets[second], offsets[second + 1]):
                    common += owners[shingles[i]] == first
                # Divided, not multiplied: the quotient is rounded as the threshold was, so that 4/5 is 0.8.
                reached = np.searchsorted(thresholds, common / (size + other - common), side="right")
                if reached > 0:
                    if found == len(pairs):
                        longer = np.empty((2 * found, 3), np.int64)
                        longer[:found] = pairs
                        pairs = longer
                    pairs[found, 0], pairs[found, 1], pairs[found, 2] = first, second, reached - 1
                    found += 1
    return pairs[:found]


@compiled
def _is_smallest_common(hashes: NDArray[np.int64], first: int, second: int, bucket: int) -> bool:
    """Whether the bucket is the smallest in which both rows are by the same band."""
    is_common = False
    for band in range(hashes.shape[1]):
        if hashes[first, band] == hashes[second, band]:
            if hashes[first, band] < bucket:
                return False
            is_common = is_common or hashes[first, band] == bucket
    return is_common
