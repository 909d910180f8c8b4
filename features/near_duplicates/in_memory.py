"""Find near duplicates among sequences that fit in memory, in one process, without Spark."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.near_duplicates.bands import choose_bands
from features.near_duplicates.buckets import Blocks, blocks_of_buckets
from features.near_duplicates.components import cluster_vertices, components_by_level
from features.near_duplicates.signatures import band_hashes
from features.near_duplicates.verification import near_duplicate_pairs
from filters.contract import RaggedArray
from filters.kernel_input import read_only_rows
from filters.ragged import take_rows


class NearDuplicates(NamedTuple):
    """Near duplicates of each row, as the Spark job computes them; row positions serve as ids.

    counts: number of other rows that are near duplicates of the row. clusters: the first row of its cluster. sizes:
        rows in that cluster. All int64, shape (rows,).
    """

    counts: NDArray[np.int64]
    clusters: NDArray[np.int64]
    sizes: NDArray[np.int64]


class Contents(NamedTuple):
    """The distinct rows (contents) among some rows, and the pairs of near duplicates among them; all int64.

    firsts: the first row of each content, ascending. copies: number of rows with it; both of shape (contents,).
    groups: the content of each row, shape (rows,). pairs: of contents, shape (pairs, 3), as in `near_duplicate_pairs`.
    """

    firsts: NDArray[np.int64]
    copies: NDArray[np.int64]
    groups: NDArray[np.int64]
    pairs: NDArray[np.int64]


def near_duplicates_in_memory(tokens: RaggedArray, threshold: float, ngram_tokens: int) -> NearDuplicates:
    """Return the near duplicates of rows of int32 tokens, with the definitions and errors of the Spark job."""
    firsts, copies, groups, pairs = _compare(tokens, (threshold,), ngram_tokens)
    counts, clusters, sizes = np.zeros(len(firsts), np.int64), np.arange(len(firsts)), copies.copy()
    vertices, *of_vertices = cluster_vertices(np.hstack([pairs[:, :2], copies[pairs[:, :2]]]))
    counts[vertices], clusters[vertices], sizes[vertices] = of_vertices
    return NearDuplicates((counts + copies - 1)[groups], firsts[clusters][groups], sizes[groups])


def clusters_in_memory(tokens: RaggedArray, thresholds: Sequence[float], ngram_tokens: int) -> NDArray[np.int64]:
    """Return the first row of each row's cluster at each ascending threshold; int64, shape (rows, thresholds).

    Definitions and errors are those of the Spark job of deduplication.
    """
    contents = _compare(tokens, thresholds, ngram_tokens)
    clusters = np.repeat(np.arange(len(contents.firsts))[:, None], len(thresholds), axis=1)
    vertices, of_vertices = components_by_level(contents.pairs, len(thresholds))
    clusters[vertices] = of_vertices
    return contents.firsts[clusters][contents.groups]


def _compare(tokens: RaggedArray, thresholds: Sequence[float], ngram_tokens: int) -> Contents:
    bands = choose_bands(thresholds[0])
    tokens = read_only_rows(tokens, np.int32)
    firsts, groups, copies = _group_equal(tokens)
    different = take_rows(tokens, firsts)
    hashes = band_hashes(different, ngram_tokens, bands)
    found = [
        _verified(different, hashes, blocks, np.array(thresholds), ngram_tokens)
        for blocks in blocks_of_buckets(hashes.ravel(), np.repeat(np.arange(len(firsts)), bands.bands))
    ]
    return Contents(firsts, copies, groups, np.concatenate([np.empty((0, 3), np.int64), *found]))


def _group_equal(tokens: RaggedArray) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the first row of each content, ascending; the content of each row; the number of rows of each content."""
    data, bounds = tokens.values.tobytes(), (tokens.offsets * tokens.values.itemsize).tolist()
    numbers: dict[bytes, int] = {}
    groups = np.array(
        [numbers.setdefault(data[bounds[i] : bounds[i + 1]], len(numbers)) for i in range(len(bounds) - 1)], np.int64
    )
    _, firsts, copies = np.unique(groups, return_index=True, return_counts=True)
    return firsts, groups, copies


def _verified(
    tokens: RaggedArray,
    hashes: NDArray[np.int64],
    blocks: Blocks,
    thresholds: NDArray[np.float64],
    ngram_tokens: int,
) -> NDArray[np.int64]:
    """Return the near duplicates in the blocks, whose members are row numbers."""
    members = np.asarray(blocks.members.values, np.int64)
    lengths = np.diff(tokens.offsets)[members]
    offsets = np.concatenate(([0], np.cumsum(lengths)))
    places = np.repeat(tokens.offsets[members] - offsets[:-1], lengths) + np.arange(offsets[-1])
    by_block = RaggedArray(blocks.buckets, blocks.members.offsets)
    rows = RaggedArray(tokens.values[places], offsets)
    pairs = near_duplicate_pairs(rows, hashes[members], by_block, blocks.left_sizes, ngram_tokens, thresholds)
    pairs[:, :2] = members[pairs[:, :2]]
    return pairs
