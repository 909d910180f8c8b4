from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nltk.util import ngrams

from filters.ngram_diversity.ngrams import LONGEST, count_ngrams
from tests.filters.ragged_rows import token_rows


def oracle(row: list[int], n: int) -> tuple[int, int, int]:
    """Return the number of distinct n-grams, the highest count, and the start of that n-gram; by nltk and a Counter."""
    grams = list(ngrams(row, n))
    if not grams:
        return 0, 0, -1
    # most_common is stable, and a Counter keeps the order of first occurrences.
    gram, count = Counter(grams).most_common(1)[0]
    return len(set(grams)), count, grams.index(gram)


def assert_as_oracle(rows: list[list[int]]) -> None:
    counts = count_ngrams(token_rows(rows))
    for n in range(1, LONGEST + 1):
        found = zip(*(line[n - 1].tolist() for line in counts), strict=True)
        assert list(found) == [oracle(row, n) for row in rows]


@pytest.mark.parametrize(
    "row",
    [
        pytest.param([], id="nothing"),
        pytest.param([5], id="one"),
        pytest.param([5, 5], id="one pair"),
        pytest.param([1, 2, 3], id="shorter than the longest n-gram"),
        pytest.param([7] * 64, id="all equal"),
        pytest.param(list(range(64)), id="all distinct"),
        pytest.param([1, 2, 1, 2, 1, 2, 3], id="a unit repeated"),
        pytest.param([1, 2, 2, 1, 2, 2, 1], id="ties"),
        pytest.param([0, 0, 1, 1, 0, 1], id="distinct triples of repeated pairs"),
        pytest.param([2**31 - 1, 0, 2**31 - 1, 0], id="the extremes of int32"),
    ],
)
def test_named_rows_equal_the_oracle(row: list[int]) -> None:
    assert_as_oracle([row])
    assert_as_oracle([[1, 2, 3, 4, 5], row, [1, 1]])


@settings(deadline=None)  # the first call compiles
@given(st.lists(st.lists(st.integers(0, 4), max_size=40) | st.lists(st.integers(0, 2**31 - 1)), max_size=6))
def test_random_rows_equal_the_oracle(rows: list[list[int]]) -> None:
    assert_as_oracle(rows)


@pytest.mark.parametrize("alphabet", [2, 20, 1000, 50_000])
def test_long_rows_equal_the_oracle(alphabet: int) -> None:
    rng = np.random.default_rng(alphabet)
    assert_as_oracle([rng.integers(0, alphabet, 100_000).tolist(), [1, 2], rng.integers(0, alphabet, 64).tolist()])


def test_keys_with_equal_hash_bits_are_distinguished() -> None:
    # Products with multiples of a large power of two, modulo 2**64, have few distinct high bits.
    assert_as_oracle([[(i % 50) << 24 for i in range(127)], [(i * i) << 20 & 0x7FFFFFFF for i in range(200)]])


def test_no_rows_give_no_counts() -> None:
    assert [line.shape for line in count_ngrams(token_rows([]))] == [(LONGEST, 0)] * 3
