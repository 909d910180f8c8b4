"""The approximate index finds nearly all pairs and no false pair; it is chosen if exact search is too slow."""

from __future__ import annotations

import pytest

from features.semantic_duplicates.approximate import ApproximateIndex
from features.semantic_duplicates.clusters import train_centroids
from features.semantic_duplicates.search import EXACT_PRODUCTS, MOST_CLUSTERS, PROBES, Search, choose_search
from features.semantic_duplicates.similarity import Pairs, similar_pairs
from tests.features.plain_reference import scattered_groups

DIMENSIONS = 384


def pairs_of(found: list[Pairs]) -> dict[tuple[int, int], float]:
    """Return the pairs with their similarity."""
    return {(int(query), int(row)): float(value) for pairs in found for query, row, value in zip(*pairs, strict=True)}


def test_index_finds_95_percent_of_pairs_and_no_false_pair() -> None:
    corpus = scattered_groups(groups=8_000, most=9, dimensions=DIMENSIONS, seed=6)
    queries = corpus[:2_000]
    search = choose_search(len(queries), len(corpus), exact_products=0)
    assert search.method == "approximate"
    index = ApproximateIndex(corpus, train_centroids(corpus[::2], search.clusters), search.probes)
    for threshold in (0.8, 0.9):
        exact = pairs_of(list(similar_pairs(queries, corpus, threshold)))
        found = pairs_of(list(index.similar_pairs(queries, threshold)))
        assert found.items() <= exact.items()
        others = {pair for pair in exact if pair[0] != pair[1]}  # without the query itself, which every index finds
        assert len(others) > 1_000
        assert len(others & found.keys()) >= 0.95 * len(others)


def test_index_that_probes_all_cells_finds_all_pairs() -> None:
    corpus = scattered_groups(groups=300, most=6, dimensions=DIMENSIONS, seed=7)
    index = ApproximateIndex(corpus, train_centroids(corpus, 8), probes=8)
    assert pairs_of(list(index.similar_pairs(corpus, 0.8))) == pairs_of(list(similar_pairs(corpus, corpus, 0.8)))


def test_no_queries_give_no_pairs() -> None:
    corpus = scattered_groups(groups=30, most=6, dimensions=DIMENSIONS, seed=8)
    index = ApproximateIndex(corpus, train_centroids(corpus, 4), probes=2)
    assert pairs_of(list(index.similar_pairs(corpus[:0], 0.8))) == {}


@pytest.mark.parametrize(
    ("queries", "rows", "expected"),
    [
        pytest.param(1_000, 1_000_000, Search("exact", 1_000, 1_000_000), id="few"),
        pytest.param(1_000, EXACT_PRODUCTS // 1_000, Search("exact", 1_000, EXACT_PRODUCTS // 1_000), id="as many"),
        pytest.param(100_000, 10_000_000, Search("approximate", 100_000, 10_000_000, MOST_CLUSTERS, PROBES), id="many"),
        pytest.param(EXACT_PRODUCTS, 1_000, Search("exact", EXACT_PRODUCTS, 1_000), id="a corpus too small for it"),
        pytest.param(0, 0, Search("exact", 0, 0), id="none"),
    ],
)
def test_search_is_chosen_by_size(queries: int, rows: int, expected: Search) -> None:
    assert choose_search(queries, rows) == expected


def test_search_is_described_in_words() -> None:
    assert str(choose_search(1_200, 15_000)) == "exact products of 1,200 x 15,000 embeddings"
    assert str(choose_search(100_000, 10_000_000)) == (
        "approximate: 100,000 x 10,000,000 embeddings, each query in the 32 nearest of 1,024 clusters"
    )
