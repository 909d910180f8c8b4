from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.near_duplicates.buckets import Blocks, blocks_of_buckets
from features.near_duplicates.similarity import jaccard_similarity, number_shingles
from features.near_duplicates.verification import near_duplicate_pairs
from filters.contract import RaggedArray
from tests.features.near_duplicates_oracle import Pair, jaccard, planted, shingles, similar_pairs
from tests.filters.ragged_rows import as_lists, token_rows

ROWS = st.lists(st.lists(st.integers(0, 2) | st.integers(-(2**31), 2**31 - 1), max_size=15), min_size=2, max_size=8)


@pytest.mark.parametrize(
    ("first", "second", "similarity"),
    [
        pytest.param([1, 2, 3, 4, 5], [1, 2, 3, 4, 5], 1.0, id="equal"),
        pytest.param([1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 7], 1 / 3, id="one of three"),
        pytest.param([7] * 5, [7] * 50, 1.0, id="the same set from different rows"),
        pytest.param(list(range(8)), list(range(9)), 0.8, id="four of five"),
        pytest.param([1, 2, 3], [1, 2, 3], 1.0, id="equal and short"),
        pytest.param([1, 2, 3], [1, 2], 0.0, id="both short"),
        pytest.param([1, 2, 3, 4], [1, 2, 3, 4, 5], 0.0, id="one short"),
        pytest.param([], [], 1.0, id="nothing and nothing"),
        pytest.param([], [0], 0.0, id="nothing and a zero"),
        pytest.param([0] * 4, [0] * 5, 0.0, id="zeros, short and long"),
    ],
)
def test_similarity_of_named_rows(first: list[int], second: list[int], similarity: float) -> None:
    assert jaccard_similarity(np.array(first, np.int32), np.array(second, np.int32), 5) == similarity
    assert jaccard(first, second, 5) == similarity


@settings(deadline=None)
@given(ROWS, st.integers(1, 6), st.sampled_from([0, 1, 2**63, 2**64 - 1]))
def test_shingle_numbers_are_exact_even_with_colliding_hashes(rows: list[list[int]], n: int, mask: int) -> None:
    numbered = as_lists(number_shingles(token_rows(rows), np.array([0, 1, len(rows)]), n, mask))
    for block in (range(1), range(1, len(rows))):
        number: dict[tuple[int, ...], int] = {}
        for row in block:
            grams = list(dict.fromkeys(tuple(rows[row][i : i + n]) for i in range(max(1, len(rows[row]) - n + 1))))
            assert set(grams) == shingles(rows[row], n)
            assert numbered[row] == [number.setdefault(gram, len(number)) for gram in grams]


def found_pairs(
    rows: list[list[int]], hashes: np.ndarray, threshold: float, chunk: int = 512, n: int = 5
) -> list[Pair]:
    """Return the pairs found in the blocks of the buckets; ids are row positions."""
    ids = np.repeat(np.arange(len(rows)), hashes.shape[1])
    found: list[Pair] = []
    for blocks in blocks_of_buckets(hashes.ravel(), ids, chunk):
        members = blocks.members.values
        tokens = token_rows([rows[i] for i in members])
        by_block = RaggedArray(blocks.buckets, blocks.members.offsets)
        pairs = near_duplicate_pairs(tokens, hashes[members], by_block, blocks.left_sizes, n, np.array([threshold]))
        found += [(min(pair), max(pair)) for pair in members[pairs[:, :2]].tolist()]
    return found


@settings(deadline=None)
@given(ROWS, st.integers(1, 4), st.sampled_from([0.1, 0.5, 0.8, 1.0]), st.sampled_from([1, 2, 3, 512]), st.data())
def test_each_similar_candidate_is_found_exactly_once(
    rows: list[list[int]], n: int, threshold: float, chunk: int, data: st.DataObject
) -> None:
    bands = data.draw(st.integers(1, 3))
    hashes = np.array(
        data.draw(st.lists(st.lists(st.integers(-2, 2), min_size=bands, max_size=bands), min_size=len(rows),
                           max_size=len(rows))),
        np.int64,
    )  # fmt: skip
    found = found_pairs(rows, hashes, threshold, chunk, n)
    assert len(found) == len(set(found))
    expected = {
        (i, j)
        for i, j in combinations(range(len(rows)), 2)
        if (hashes[i] == hashes[j]).any() and jaccard(rows[i], rows[j], n) >= threshold
    }
    assert set(found) == expected


def test_colliding_hashes_add_no_pair() -> None:
    rows = planted(600, 40, 3)
    everything_collides = np.zeros((600, 3), np.int64)
    truth = similar_pairs(rows, 0.7)
    assert len(truth) > 50
    for chunk in (7, 512, 1000):
        found = found_pairs(rows, everything_collides, 0.7, chunk)
        assert sorted(found) == sorted(truth)


def test_each_pair_has_the_highest_threshold_it_reaches() -> None:
    rows, thresholds = planted(300, 40, 4), np.array([0.5, 0.7, 0.8, 1.0])
    everything_collides = RaggedArray(np.zeros(1, np.int64), np.array([0, 300]))
    pairs = near_duplicate_pairs(
        token_rows(rows), np.zeros((300, 1), np.int64), everything_collides, np.array([300]), 5, thresholds
    )
    expected = {pair: sum(thresholds <= value) - 1 for pair, value in similar_pairs(rows, 0.5).items()}
    assert {(first, second): level for first, second, level in pairs.tolist()} == expected
    assert set(expected.values()) == {0, 1, 2, 3}


@pytest.mark.parametrize(("size", "chunk"), [(2, 1), (2, 2), (3, 2), (10, 3), (1024, 512), (1025, 512), (3000, 4)])
def test_blocks_are_small_and_contain_every_pair_once(size: int, chunk: int) -> None:
    ids = np.random.default_rng(size).permutation(size) * 3
    members: list[Pair] = []
    for blocks in blocks_of_buckets(np.full(size, 5), ids, chunk):
        assert len(blocks.members.values) <= 2**17 + 2 * chunk
        for row, left in zip(as_lists(blocks.members), blocks.left_sizes.tolist(), strict=True):
            assert len(row) <= 2 * chunk
            sides = row[:left], row[left:]
            assert list(sides[0]) == sorted(sides[0])
            if size <= 1025:
                members += ((a, b) for a in sides[0] for b in sides[1]) if sides[1] else combinations(row, 2)
    assert size > 1025 or sorted(members) == list(combinations(sorted(ids.tolist()), 2))


def test_blocks_never_mix_buckets() -> None:
    buckets = np.array([4, -3, 4, 9, 4, 2**63 - 1, 4, -(2**63), 2**63 - 1, 4])
    ids = np.array([30, 1, 10, 2, 20, 5, 20, 6, 4, 40])
    found = [
        (bucket, row, left)
        for blocks in blocks_of_buckets(buckets, ids, 3)
        for bucket, row, left in zip(
            blocks.buckets.tolist(), as_lists(blocks.members), blocks.left_sizes.tolist(), strict=True
        )
    ]
    assert sorted(found) == [
        (4, [10, 20, 30], 3),
        (4, [10, 20, 30, 40], 3),
        (4, [40], 1),
        (2**63 - 1, [4, 5], 2),
    ]


def test_no_buckets_give_no_blocks() -> None:
    nothing: list[Blocks] = list(blocks_of_buckets(np.empty(0, np.int64), np.empty(0, np.int64)))
    assert nothing == []
