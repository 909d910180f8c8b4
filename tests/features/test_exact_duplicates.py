"""Window counts equal a plain loop over all positions, even with colliding hashes."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.exact_duplicates.kernel import HASH_BITS
from features.exact_duplicates.windows import (
    add_to_filter,
    count_windows,
    index_windows,
    make_filter,
    windows_that_pass,
)
from filters.continuation import cut_ends
from filters.contract import RaggedArray

ROWS = st.lists(st.lists(st.integers(0, 2), max_size=40), min_size=1, max_size=12)
LARGE = 2**31 - 1


def ragged(rows: list[list[int]], token_type: type[np.generic] = np.int32) -> RaggedArray:
    offsets = np.cumsum([0, *map(len, rows)])
    return RaggedArray(np.array([token for row in rows for token in row], token_type), offsets)


def count_plainly(rows: list[list[int]], length: int) -> Counter[tuple[int, ...]]:
    return Counter(tuple(row[start : start + length]) for row in rows for start in range(len(row) - length + 1))


@pytest.mark.parametrize("hash_bits", [HASH_BITS, 2, 1])
@pytest.mark.parametrize("token_type", [np.uint8, np.uint16, np.int32])
@settings(deadline=None)  # the first call compiles
@given(rows=ROWS, queries=ROWS, length=st.integers(1, 6))
def test_window_counts_equal_a_plain_loop(
    hash_bits: int,
    token_type: type[np.generic],
    rows: list[list[int]],
    queries: list[list[int]],
    length: int,
) -> None:
    _, windows = cut_ends(ragged(queries), length)
    if not len(windows):
        return
    indexed, window_of_row = index_windows(windows, hash_bits)
    counts = np.zeros(len(indexed.tokens), np.int64)
    count_windows(ragged(rows, token_type), indexed, counts)
    expected = count_plainly(rows, length)
    assert counts[window_of_row].tolist() == [expected[tuple(window)] for window in windows.tolist()]
    assert indexed.tokens[window_of_row].tolist() == windows.tolist()
    assert len(np.unique(indexed.tokens, axis=0)) == len(indexed.tokens)


@pytest.mark.parametrize("hash_bits", [HASH_BITS, 2])
@settings(deadline=None)  # the first call compiles
@given(rows=ROWS, queries=ROWS, length=st.integers(1, 6))
def test_filter_passes_every_queried_window(
    hash_bits: int, rows: list[list[int]], queries: list[list[int]], length: int
) -> None:
    _, windows = cut_ends(ragged(queries), length)
    seen = make_filter(len(windows), most_bits=64)
    add_to_filter(windows, seen, hash_bits)
    passed = Counter(tuple(each) for some in windows_that_pass(ragged(rows), length, seen, hash_bits) for each in some)
    expected = count_plainly(rows, length)
    assert passed <= expected
    assert all(passed[tuple(window)] == expected[tuple(window)] for window in windows.tolist())


def test_filter_rejects_most_other_windows() -> None:
    generator = np.random.default_rng(0)
    windows = generator.integers(0, 50_000, (1_000, 8)).astype(np.int32)
    seen = make_filter(len(windows))
    add_to_filter(windows, seen)
    corpus = RaggedArray(generator.integers(0, 50_000, 100_000).astype(np.int32), np.array([0, 100_000]))
    passed = sum(map(len, windows_that_pass(corpus, 8, seen)))
    assert 0 < passed < 10_000


def test_windows_with_equal_hashes_are_compared_by_tokens() -> None:
    windows, _ = index_windows(np.array([[1, 2], [3, 4]], np.int32), hash_bits=1)
    assert len(windows.tokens) == 2
    counts = np.zeros(2, np.int64)
    count_windows(ragged([[3, 4, 1, 5], [1, 2]]), windows, counts)
    assert counts.tolist() == [1, 1]


def test_token_ids_of_32_bits_are_counted() -> None:
    windows, _ = index_windows(np.array([[LARGE, 0], [LARGE, LARGE]], np.int32))
    counts = np.zeros(2, np.int64)
    count_windows(ragged([[LARGE, LARGE, LARGE, 0]]), windows, counts)
    assert counts.tolist() == [1, 2]


def test_window_without_tokens_is_rejected() -> None:
    with pytest.raises(ValueError, match="at least one token"):
        index_windows(np.empty((3, 0), np.int32))
