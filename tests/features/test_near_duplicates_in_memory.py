from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.near_duplicates.in_memory import clusters_in_memory, near_duplicates_in_memory
from tests.features.near_duplicates_oracle import components, measured, planted, similar_pairs
from tests.filters.ragged_rows import token_rows


def in_memory(rows: list[list[int]], threshold: float, n: int) -> list[tuple[int, ...]]:
    found = near_duplicates_in_memory(token_rows(rows), threshold, n)
    return [(i, *values) for i, values in enumerate(zip(*(column.tolist() for column in found), strict=True))]


@settings(deadline=None)  # the first call compiles
@given(st.lists(st.lists(st.integers(0, 1), max_size=7), max_size=30))
def test_rows_with_equal_sets_are_always_found(rows: list[list[int]]) -> None:
    # A threshold of 1 leaves nothing to chance: equal sets have equal signatures.
    assert in_memory(rows, 1.0, 2) == measured(range(len(rows)), similar_pairs(rows, 1.0, 2))


@pytest.mark.parametrize(("length", "vocabulary"), [(64, 50_000), (500, 50_000), (24, 3)])
def test_no_false_pair_is_found_and_few_true_pairs_are_missed(length: int, vocabulary: int) -> None:
    rows = planted(1500, length, length, vocabulary)
    truth = measured(range(1500), similar_pairs(rows, 0.8))
    found = in_memory(rows, 0.8, 5)
    assert all(few[1] <= all_of_it[1] for few, all_of_it in zip(found, truth, strict=True))
    assert sum(row[1] for row in found) >= 0.97 * sum(row[1] for row in truth) > 500


def test_clusters_at_each_threshold_join_the_pairs_that_reach_it() -> None:
    rows = [*planted(800, 64, 5), *planted(800, 64, 5)[:50]]
    thresholds = (0.7, 0.8, 0.9, 1.0)
    found = clusters_in_memory(token_rows(rows), thresholds, 5)
    pairs = similar_pairs(rows, 0.7)
    for level, threshold in enumerate(thresholds):
        reached = [pair for pair, similarity in pairs.items() if similarity >= threshold]
        assert dict(enumerate(found[:, level].tolist())) == components(range(len(rows)), reached)
    assert len({len(np.unique(found[:, level])) for level in range(4)}) == 4


def test_row_order_changes_only_the_cluster_ids() -> None:
    rows = planted(800, 64, 3)
    order = np.random.default_rng(4).permutation(800)
    found, shuffled = in_memory(rows, 0.8, 5), in_memory([rows[i] for i in order], 0.8, 5)
    by_row = {int(order[i]): (count, size) for i, count, _, size in shuffled}
    assert [(count, size) for _, count, _, size in found] == [by_row[i] for i in range(800)]
    name = {
        cluster: min(int(order[i]) for i, _, other, _ in shuffled if other == cluster) for *_, cluster, _ in shuffled
    }
    assert [cluster for *_, cluster, _ in found] == [name[shuffled[i][2]] for i in np.argsort(order).tolist()]
