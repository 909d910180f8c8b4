"""Similar pairs equal plain products for any block size; edit distances equal the full table."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.semantic_duplicates.edit_distance import edit_distances
from features.semantic_duplicates.similarity import cosine_similarities, similar_pairs
from tests.features.plain_reference import edit_distance_plainly, random_directions, scattered_groups

BELOW = 20


def all_pairs(queries: np.ndarray, corpus: np.ndarray, threshold: float, **blocks: int) -> dict[tuple[int, int], float]:
    """Return the pairs found with their similarity; assert that each is found once."""
    found: dict[tuple[int, int], float] = {}
    for pairs in similar_pairs(queries, corpus, threshold, **blocks):
        for query, row, value in zip(*pairs, strict=True):
            assert (query, row) not in found
            found[int(query), int(row)] = float(value)
    return found


@pytest.mark.parametrize("threshold", [0.8, 0.9])
def test_pairs_equal_the_products_in_float64(threshold: float) -> None:
    corpus = scattered_groups(groups=150, most=8, dimensions=48, seed=1)
    queries = corpus[::3]
    products = np.round(queries.astype(np.float64) @ corpus.astype(np.float64).T, 6)
    expected = {(int(q), int(r)): products[q, r] for q, r in np.argwhere(products >= threshold)}
    assert 500 < len(expected) < products.size / 10
    assert all_pairs(queries, corpus, threshold) == pytest.approx(expected)


def test_pairs_do_not_depend_on_the_block_size() -> None:
    corpus = scattered_groups(groups=60, most=8, dimensions=48, seed=2)
    expected = all_pairs(corpus, corpus, 0.8)
    for queries, rows, pairs in ((1, 1_000, 7), (64, 5, 1), (1_000, 1, 1_000)):
        found = all_pairs(corpus, corpus, 0.8, block_queries=queries, block_rows=rows, pairs_at_once=pairs)
        assert found == expected


@pytest.mark.parametrize(
    ("cosine", "is_found"),
    [
        pytest.param(0.9, True, id="at the threshold, which float32 rounds down"),
        pytest.param(0.9 - 4e-7, True, id="below by less than the precision"),
        pytest.param(0.9 - 7e-7, False, id="below it"),
        pytest.param(0.9 - 1e-5, False, id="far below it"),
        pytest.param(0.9 + 7e-7, True, id="above it"),
    ],
)
def test_similarities_are_rounded_to_six_decimals_before_comparison(cosine: float, is_found: bool) -> None:
    one = np.array([[1.0, 0.0]], np.float32)
    other = np.array([[cosine, np.sqrt(1 - cosine**2)]], np.float32)
    assert bool(all_pairs(one, other, 0.9)) == is_found


def test_float32_products_miss_no_pair_that_rounding_admits() -> None:
    one, other = random_directions(2_000, 384, seed=3), random_directions(2_000, 384, seed=4)
    towards = 0.8 * one + 0.6 * (other - (one * other).sum(axis=1, keepdims=True) * one)
    towards /= np.linalg.norm(towards, axis=1, keepdims=True)
    expected = cosine_similarities(one, towards)
    for row in range(len(one)):
        found = all_pairs(one[row : row + 1], towards[row : row + 1], expected[row])
        assert found == {(0, 0): expected[row]}


def test_no_embeddings_give_no_pairs() -> None:
    some, none = random_directions(3, 8, seed=5), np.zeros((0, 8), np.float32)
    assert all_pairs(some, none, 0.8) == all_pairs(none, some, 0.8) == all_pairs(none, none, 0.8) == {}


LETTERS = st.text("abé\U0001f600 ", max_size=40)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(LETTERS, LETTERS), max_size=5))
def test_distances_equal_the_full_table_up_to_the_bound(pairs: list[tuple[str, str]]) -> None:
    found = edit_distances([one for one, _ in pairs], [other for _, other in pairs], BELOW)
    assert found.dtype == np.int64
    assert found.tolist() == [min(BELOW, edit_distance_plainly(*pair)) for pair in pairs]


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [
        pytest.param("same", "same", 0, id="equal"),
        pytest.param("kitten", "sitting", 3, id="three edits"),
        pytest.param("a" * 30, "a" * 11, 19, id="the largest exact distance"),
        pytest.param("a" * 30, "a" * 10, 20, id="at the bound"),
        pytest.param("a" * 30, "b" * 30, 20, id="beyond the bound"),
        pytest.param("\U0001f600", "", 1, id="characters, not bytes"),
    ],
)
def test_distances_of_named_texts(one: str, other: str, distance: int) -> None:
    assert edit_distances([one], [other], BELOW).tolist() == [distance]


def test_lists_of_different_lengths_are_rejected() -> None:
    with pytest.raises(ValueError, match="equally many texts on both sides, found 1 and 2"):
        edit_distances(["a"], ["b", "c"], BELOW)
