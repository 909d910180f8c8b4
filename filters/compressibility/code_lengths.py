"""Mean code length of a text's characters, in codes built for that text alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from filters.compiled import compiled
from filters.contract import RaggedArray
from filters.kernel_input import read_only_rows
from filters.utf8 import code_points

CODE_SPACE = 0x110000  # Unicode's code points


def code_lengths(text: RaggedArray) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the mean code length of each row in bits per character, for Shannon's and Huffman's code.

    Both codes are built for the row's own character frequencies p. Shannon's code gives a character ⌈-log2 p⌉ bits
    (Shannon 1948, section 9); Huffman's is the shortest prefix code (Huffman 1952). So entropy <= Huffman <= Shannon <
    entropy + 1. An empty row, or one with a single distinct character, has length 0 in both.
    """
    points = read_only_rows(code_points(text), np.int32)
    # np.zeros maps memory lazily: only the pages of code points that occur are touched.
    shannon, huffman = _code_lengths(points.values, points.offsets, np.zeros(CODE_SPACE, np.int32))
    return shannon, huffman


@compiled
def _code_lengths(
    points: NDArray[np.int32], offsets: NDArray[np.int64], counts: NDArray[np.int32]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Compute `code_lengths`; `counts` is scratch space, one entry per code point, all zeros before and after."""
    rows = len(offsets) - 1
    shannon, huffman = np.zeros(rows), np.zeros(rows)
    longest = np.int64(0)
    for row in range(rows):
        longest = max(longest, offsets[row + 1] - offsets[row])
    distinct = np.empty(longest, np.int32)
    weights = np.empty(longest, np.int64)
    for row in range(rows):
        total = offsets[row + 1] - offsets[row]
        if total == 0:
            continue
        size = 0
        for i in range(offsets[row], offsets[row + 1]):
            point = points[i]
            if counts[point] == 0:
                distinct[size] = point
                size += 1
            counts[point] += 1
        for k in range(size):
            weights[k] = counts[distinct[k]]
            counts[distinct[k]] = 0
        shannon[row] = _shannon_bits(weights[:size], total) / total
        huffman[row] = _huffman_bits(weights[:size]) / total
    return shannon, huffman


@compiled
def _shannon_bits(weights: NDArray[np.int64], total: int) -> int:
    """Return the sum of weight * ⌈log2(total / weight)⌉, in integers: a rounded log2 would miss exact powers of two."""
    bits = 0
    for weight in weights:
        length = 0
        while (weight << length) < total:
            length += 1
        bits += weight * length
    return bits


@compiled
def _huffman_bits(weights: NDArray[np.int64]) -> int:
    """Return the bits of the Huffman code: the sum of the weights of the tree's inner nodes. Overwrites `weights`.

    If the leaves are sorted, inner nodes arise in order of weight, so the two lightest nodes are always at the heads of
    two queues (van Leeuwen 1976). The queue of inner nodes overwrites leaves already merged.
    """
    _sort(weights)
    size = len(weights)
    leaf, inner, bits = 0, 0, 0
    for made in range(size - 1):
        merged = 0
        for _ in range(2):
            if inner == made or (leaf < size and weights[leaf] <= weights[inner]):
                merged += weights[leaf]
                leaf += 1
            else:
                merged += weights[inner]
                inner += 1
        weights[made] = merged
        bits += merged
    return bits


@compiled
def _sort(weights: NDArray[np.int64]) -> None:
    """Sort in place with Shell's method (Knuth's gaps): as fast as numba's sort here, and faster to compile."""
    gap = 1
    while 9 * gap < len(weights):
        gap = 3 * gap + 1
    while gap > 0:
        for i in range(gap, len(weights)):
            weight, k = weights[i], i
            while k >= gap and weights[k - gap] > weight:
                weights[k] = weights[k - gap]
                k -= gap
            weights[k] = weight
        gap //= 3
