"""How many bits a character of a text takes in the codes that are made for that text alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from filters.compiled import compiled
from filters.contract import RaggedArray
from filters.kernel_input import read_only_rows
from filters.utf8 import code_points

CODE_SPACE = 0x110000  # Unicode's code points


def code_lengths(text: RaggedArray) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The mean code length of each row's characters, in bits a character: Shannon's code and Huffman's.

    Both codes are made for the row's own character frequencies p. Shannon's gives a character
    ⌈-log2 p⌉ bits (Shannon 1948, section 9), Huffman's is the shortest prefix code (Huffman 1952), so
    entropy <= Huffman <= Shannon < entropy + 1. A text of one distinct character needs 0 bits by either,
    since it has nothing to tell apart; so has an empty row.
    """
    points = read_only_rows(code_points(text), np.int32)
    # np.zeros maps memory without touching it: the kernel pays only for the code points that occur.
    shannon, huffman = _code_lengths(points.values, points.offsets, np.zeros(CODE_SPACE, np.int32))
    return shannon, huffman


@compiled
def _code_lengths(
    points: NDArray[np.int32], offsets: NDArray[np.int64], counts: NDArray[np.int32]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """As `code_lengths`; counts is scratch space, by code point: all zeros, before and after."""
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
    """Sum of weight * ⌈log2(total / weight)⌉, in integers: a rounded log2 would miss exact powers of two."""
    bits = 0
    for weight in weights:
        length = 0
        while (weight << length) < total:
            length += 1
        bits += weight * length
    return bits


@compiled
def _huffman_bits(weights: NDArray[np.int64]) -> int:
    """The bits of the Huffman code: the weights of the tree's inner nodes, added up; overwrites `weights`.

    With sorted leaves the inner nodes arise in order of weight, so that the two lightest nodes are always at
    the heads of two queues (van Leeuwen 1976). The inner nodes' queue overwrites the leaves already taken.
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
    """Sorts in place, by Shell's method (gaps of Knuth): as fast as numba's sort here, and compiled sooner."""
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
