"""Compute MinHash signatures of token sequences, and hashes of their bands.

Hashes only select candidate pairs: a collision adds a candidate, never a near duplicate.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from features.near_duplicates.bands import Bands
from filters.compiled import compiled
from filters.contract import RaggedArray
from filters.hashing import mix
from filters.kernel_input import read_only_rows

# Fixed, so that a corpus has the same signatures in every run and on every machine.
SEED = 1997


def shingle_hashes(tokens: RaggedArray, ngram_tokens: int) -> RaggedArray:
    """Return a uint64 hash of each shingle of each row, in order of position.

    The shingles of a row are its n-grams of `ngram_tokens` int32 tokens (at least 1). A shorter row is one shingle.
    """
    require_ngram(ngram_tokens)
    rows = read_only_rows(tokens, np.int32)
    return RaggedArray(*_shingle_hashes(rows.values, rows.offsets, ngram_tokens))


def signatures(tokens: RaggedArray, ngram_tokens: int, hashes: int) -> NDArray[np.uint64]:
    """Return the MinHash signature of each row, shape (rows, hashes), values below 2^32 (Broder 1997).

    Value k is the minimum of hash function k over the row's shingles. The functions are x -> ⌊(a·x + b mod 2^64) /
    2^32⌋ with odd a (multiply-shift; Dietzfelbinger et al. 1997), over shingle hashes.
    """
    shingles = shingle_hashes(tokens, ngram_tokens)
    return _signatures(shingles.values, shingles.offsets, *_hash_functions(hashes))


def band_hashes(tokens: RaggedArray, ngram_tokens: int, bands: Bands) -> NDArray[np.int64]:
    """Return a 64-bit hash of each band of each row's signature, shape (rows, bands); equal bands hash alike."""
    return _band_hashes(signatures(tokens, ngram_tokens, bands.bands * bands.rows), bands.bands, bands.rows)


def require_ngram(ngram_tokens: int) -> None:
    """Raise ValueError unless n-grams have at least one token."""
    if ngram_tokens < 1:
        raise ValueError(f"expected n-grams of at least 1 token, found {ngram_tokens}")


def _hash_functions(hashes: int) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    # Use the bit generator directly: NumPy guarantees its stream (NEP 19), unlike a Generator's.
    numbers = np.random.PCG64(SEED).random_raw(2 * hashes).reshape(hashes, 2)
    return np.ascontiguousarray(numbers[:, 0] | np.uint64(1)), np.ascontiguousarray(numbers[:, 1])


@compiled
def _shingle_hashes(
    values: NDArray[np.int32], offsets: NDArray[np.int64], ngram_tokens: int
) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    rows = len(offsets) - 1
    out_offsets = np.zeros(rows + 1, np.int64)
    for row in range(rows):
        out_offsets[row + 1] = out_offsets[row] + max(1, offsets[row + 1] - offsets[row] - ngram_tokens + 1)
    out = np.empty(out_offsets[rows], np.uint64)
    for row in range(rows):
        size = min(ngram_tokens, offsets[row + 1] - offsets[row])
        for k in range(out_offsets[row + 1] - out_offsets[row]):
            start = offsets[row] + k
            mixed = mix(np.uint64(size + 1))  # not 0, so that mixing starts with the first token
            for i in range(start, start + size):
                # Multiply by 2^64 / golden ratio and mix, so that the order of the tokens matters.
                mixed = (mixed ^ np.uint64(np.uint32(values[i]))) * np.uint64(0x9E3779B97F4A7C15)
                mixed ^= mixed >> np.uint64(32)
            out[out_offsets[row] + k] = mix(mixed)
    return out, out_offsets


@compiled
def _signatures(
    shingles: NDArray[np.uint64],
    offsets: NDArray[np.int64],
    factors: NDArray[np.uint64],
    summands: NDArray[np.uint64],
) -> NDArray[np.uint64]:
    rows, hashes = len(offsets) - 1, len(factors)
    out = np.full((rows, hashes), np.uint64(0xFFFFFFFFFFFFFFFF))
    for row in range(rows):
        smallest = out[row]
        for i in range(offsets[row], offsets[row + 1]):
            shingle = shingles[i]
            for k in range(hashes):
                smallest[k] = min(smallest[k], factors[k] * shingle + summands[k])
        for k in range(hashes):
            smallest[k] >>= np.uint64(32)
    return out


@compiled
def _band_hashes(signature: NDArray[np.uint64], bands: int, rows_a_band: int) -> NDArray[np.int64]:
    out = np.empty((len(signature), bands), np.int64)
    for row in range(len(signature)):
        for band in range(bands):
            mixed = mix(np.uint64(band + 1))
            for k in range(band * rows_a_band, (band + 1) * rows_a_band):
                mixed = mix(mixed ^ signature[row, k])
            out[row, band] = np.int64(mixed)
    return out
