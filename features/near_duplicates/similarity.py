"""Compute the exact Jaccard similarity of token sequences, from their n-grams rather than from hashes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from features.near_duplicates.signatures import require_ngram
from filters.compiled import compiled
from filters.contract import RaggedArray
from filters.hashing import EVERY_BIT, draw_seed, mix
from filters.kernel_input import read_only, read_only_rows


def jaccard_similarity(first: NDArray[np.int32], second: NDArray[np.int32], ngram_tokens: int) -> float:
    """Return the share of common shingles among all shingles of two sequences, in [0, 1].

    The shingles of a sequence are its distinct n-grams of `ngram_tokens` tokens (at least 1, else ValueError). A
    shorter sequence is one shingle, so it is similar only to its equals.
    """
    offsets = np.array([0, len(first), len(first) + len(second)])
    numbered = number_shingles(RaggedArray(np.concatenate([first, second]), offsets), np.array([0, 2]), ngram_tokens)
    cut = numbered.offsets[1]
    common = len(np.intersect1d(numbered.values[:cut], numbered.values[cut:]))
    return common / (len(numbered.values) - common)


def number_shingles(
    tokens: RaggedArray, block_offsets: NDArray[np.int64], ngram_tokens: int, hash_mask: int = EVERY_BIT
) -> RaggedArray:
    """Number the distinct shingles of each row with int64 from 0; equal shingles in a block have one number.

    tokens: int32. block_offsets: int64, shape (blocks + 1,), starting at 0; block i is the rows from `block_offsets[i]`
        to `block_offsets[i + 1]`. hash_mask: the hash bits used for lookup. Equality is decided by the tokens, so any
        mask gives the same result.
    """
    require_ngram(ngram_tokens)
    rows = read_only_rows(tokens, np.int32)
    blocks = read_only(block_offsets, np.int64)
    return RaggedArray(
        *_number_shingles(rows.values, rows.offsets, blocks, ngram_tokens, np.uint64(hash_mask), draw_seed())
    )


@compiled
def _number_shingles(
    values: NDArray[np.int32],
    offsets: NDArray[np.int64],
    block_offsets: NDArray[np.int64],
    ngram_tokens: int,
    hash_mask: np.uint64,
    seed: np.uint64,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    rows, most = len(offsets) - 1, 0
    for block in range(len(block_offsets) - 1):
        first, last = block_offsets[block], block_offsets[block + 1]
        most = max(most, offsets[last] - offsets[first] + last - first)
    bits = 2
    while (1 << bits) < 2 * most:
        bits += 1
    table = np.empty(1 << bits, np.int64)  # by slot: the number of a shingle, or -1
    starts, sizes, last_rows = np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most, np.int64)
    out, out_offsets = np.empty(len(values) + rows, np.int64), np.zeros(rows + 1, np.int64)
    end = 0
    for block in range(len(block_offsets) - 1):
        first, last = block_offsets[block], block_offsets[block + 1]
        used_bits, found = 2, 0
        while (1 << used_bits) < 2 * (offsets[last] - offsets[first] + last - first):
            used_bits += 1
        table[: 1 << used_bits] = -1
        for row in range(first, last):
            size = min(ngram_tokens, offsets[row + 1] - offsets[row])
            for start in range(offsets[row], max(offsets[row] + 1, offsets[row + 1] - ngram_tokens + 1)):
                slot = _slot(values, start, size, hash_mask, seed, used_bits)
                while table[slot] >= 0 and not _are_equal(values, starts[table[slot]], sizes[table[slot]], start, size):
                    slot = (slot + 1) & ((1 << used_bits) - 1)
                if table[slot] < 0:
                    table[slot], starts[found], sizes[found], last_rows[found] = found, start, size, -1
                    found += 1
                number = table[slot]
                if last_rows[number] != row:
                    last_rows[number] = row
                    out[end] = number
                    end += 1
            out_offsets[row + 1] = end
    return out[:end], out_offsets


@compiled
def _slot(
    values: NDArray[np.int32], start: int, size: int, hash_mask: np.uint64, seed: np.uint64, bits: int
) -> np.int64:
    """Return the slot, of 2^bits, at which the search for a shingle starts."""
    mixed, pair = mix(seed ^ np.uint64(size)), np.uint64(0)
    for i in range(size):
        pair = pair << np.uint64(32) | np.uint64(np.uint32(values[start + i]))
        if i % 2 == 1 or i == size - 1:  # two tokens fill the 64 bits
            mixed, pair = mix(mixed ^ pair), np.uint64(0)
    return np.int64(mixed & hash_mask) & ((1 << bits) - 1)


@compiled
def _are_equal(values: NDArray[np.int32], first: int, first_size: int, second: int, second_size: int) -> bool:
    if first_size != second_size:
        return False
    for k in range(first_size):  # noqa: SIM110 (numba compiles no `all` of a generator)
        if values[first + k] != values[second + k]:
            return False
    return True
