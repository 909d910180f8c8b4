"""Verify which candidate pairs of a block are near duplicates."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from features.near_duplicates.similarity import number_shingles
from filters.compiled import compiled
from filters.contract import RaggedArray
from filters.kernel_input import read_only, read_only_rows

FIRST_CAPACITY = 1024  # of the list of pairs, which doubles when full


def near_duplicate_pairs(
    tokens: RaggedArray,
    hashes: NDArray[np.int64],
    blocks: RaggedArray,
    left_sizes: NDArray[np.int32],
    ngram_tokens: int,
    thresholds: NDArray[np.float64],
) -> NDArray[np.int64]:
    """Return the pairs of rows with a Jaccard similarity of at least the first threshold: int64, shape (pairs, 3).

    Each line has two row numbers, and the index of the highest threshold that the similarity reaches.

    tokens: int32, the rows of all blocks, one block after the other.
    hashes: int64, shape (rows, bands), the band hashes of the rows.
    blocks: values: the bucket (int64) of each block; offsets: the rows of each block.
    left_sizes: int32, shape (blocks,), as in `buckets.Blocks`. thresholds: float64, at least one, ascending.
    A pair that shares several buckets is reported only by the block of the smallest one, so each pair is found once
    over the blocks of all buckets.
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
    owners = np.full(numbers, np.int64(-1))  # by shingle: the latest first row of a pair that has it
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
                # Divided, not multiplied, so that the quotient rounds like the threshold: 4/5 is 0.8.
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
    """Return whether the bucket is the smallest band hash that both rows share."""
    is_common = False
    for band in range(hashes.shape[1]):
        if hashes[first, band] == hashes[second, band]:
            if hashes[first, band] < bucket:
                return False
            is_common = is_common or hashes[first, band] == bucket
    return is_common
