"""Cut buckets of sequences that share a band into blocks of bounded size that together cover every pair."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations_with_replacement, islice, pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from filters.contract import RaggedArray

# A block has at most twice as many members; they are in memory with their tokens while it is verified. Smaller chunks
# would send the members of large buckets more often: size / CHUNK_MEMBERS times each.
CHUNK_MEMBERS = 512
MOST_MEMBERS = 2**17  # in the blocks yielded together: 1 MiB of ids


class Blocks(NamedTuple):
    """Blocks of sequences whose pairs are to be verified.

    buckets: int64, shape (blocks,), the band hash that the members of each block share.
    members: int64 sequence ids, one row per block, ascending within its left and its right side.
    left_sizes: int32, shape (blocks,). If a block has a right side, verify every pair of a left and a right member; if
        the left side is the whole block, verify every pair within it.
    """

    buckets: NDArray[np.int64]
    members: RaggedArray
    left_sizes: NDArray[np.int32]


def blocks_of_buckets(
    buckets: NDArray[np.int64], ids: NDArray[np.int64], chunk_members: int = CHUNK_MEMBERS
) -> Iterator[Blocks]:
    """Yield the blocks of all buckets with two or more members; each pair of a bucket is in one of its blocks.

    buckets, ids: int64, shape (memberships,), in any order. A bucket of at most `chunk_members` (at least 1) members is
        one block. A larger one is cut into c chunks and becomes c · (c + 1) / 2 blocks, one per chunk and per pair of
        chunks. This bounds the memory for any bucket and lets the work be spread.
    """
    buckets, ids = _distinct(buckets, ids)
    starts = np.flatnonzero(np.diff(buckets, prepend=buckets[:1] - 1))
    sizes = np.diff(starts, append=len(buckets))
    is_small = (sizes > 1) & (sizes <= chunk_members)
    yield from _small_blocks(buckets, ids, starts[is_small], sizes[is_small])
    for start, size in zip(starts[sizes > chunk_members], sizes[sizes > chunk_members], strict=True):
        yield from _large_blocks(buckets[start], ids[start : start + size], chunk_members)


def _distinct(buckets: NDArray[np.int64], ids: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the memberships sorted by bucket and id, without duplicates: two bands of a sequence may hash alike."""
    order = np.lexsort((ids, buckets))
    buckets, ids = buckets[order], ids[order]
    is_new = np.ones(len(ids), np.bool_)
    is_new[1:] = (buckets[1:] != buckets[:-1]) | (ids[1:] != ids[:-1])
    return buckets[is_new], ids[is_new]


def _small_blocks(
    buckets: NDArray[np.int64], ids: NDArray[np.int64], starts: NDArray[np.int64], sizes: NDArray[np.int64]
) -> Iterator[Blocks]:
    """Yield a block for each of these buckets, in batches of about MOST_MEMBERS members."""
    batches = np.cumsum(sizes) // MOST_MEMBERS
    for first, last in _runs(batches):
        lengths = sizes[first:last]
        offsets = np.concatenate(([0], np.cumsum(lengths)))
        taken = np.repeat(starts[first:last] - offsets[:-1], lengths) + np.arange(offsets[-1])
        yield Blocks(buckets[starts[first:last]], RaggedArray(ids[taken], offsets), lengths.astype(np.int32))


def _runs(values: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Yield the start and stop of each run of equal values."""
    bounds = [*np.flatnonzero(np.diff(values, prepend=values[:1] - 1)).tolist(), len(values)]
    return pairwise(bounds)


def _large_blocks(bucket: np.int64, ids: NDArray[np.int64], chunk_members: int) -> Iterator[Blocks]:
    """Yield a block for each chunk of the bucket's members, and for each pair of chunks."""
    chunks = [ids[at : at + chunk_members] for at in range(0, len(ids), chunk_members)]
    pairs = combinations_with_replacement(range(len(chunks)), 2)
    together = max(1, MOST_MEMBERS // (2 * chunk_members))
    while some := list(islice(pairs, together)):
        members = [np.concatenate([chunks[i], chunks[j]]) if i < j else chunks[i] for i, j in some]
        offsets = np.cumsum([0, *map(len, members)], dtype=np.int64)
        left_sizes = np.array([len(chunks[i]) for i, _ in some], np.int32)
        yield Blocks(np.full(len(some), bucket), RaggedArray(np.concatenate(members), offsets), left_sizes)
