from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from filters.contract import Sequences
from filters.token_frequency import FILTER
from tests.filters.ragged_rows import assert_independent_of_batching, measured, token_rows

TABLE = np.array([10, 0, 7, -1, 3_000_000_000, 7, 1, -1], np.int64)
STATISTICS = ("max_frequency", "avg_frequency", "min_frequency", "median_frequency", "p25_frequency", "p75_frequency")


def columns_of(rows: list[Any], table: np.ndarray[Any, Any] = TABLE) -> dict[str, list[Any]]:
    return measured(FILTER, Sequences(tokens=token_rows(rows), token_frequencies=table))


def oracle(row: list[int], table: np.ndarray[Any, Any]) -> tuple[Any, ...]:
    found = [int(table[token]) for token in row]
    if not found or -1 in found:
        return (None,) * 6
    return max(found), np.mean(found), min(found), np.median(found), *np.percentile(found, [25, 75])


@pytest.mark.parametrize(
    ("row", "statistics", "frequencies"),
    [
        pytest.param([4], (3e9, 3e9, 3e9, 3e9, 3e9, 3e9), [3_000_000_000], id="one token, above int32"),
        pytest.param([0, 1], (10, 5, 0, 5, 2.5, 7.5), [10, 0], id="between two ranks"),
        pytest.param([2, 0, 5, 6], (10, 6.25, 1, 7, 5.5, 7.75), [7, 10, 7, 1], id="in token order"),
        pytest.param([1, 1, 1], (0, 0, 0, 0, 0, 0), [0, 0, 0], id="a frequency of 0 is known"),
        pytest.param([0, 3, 2], (None,) * 6, [10, None, 7], id="a token that is not listed"),
        pytest.param([3, 7], (None,) * 6, [None, None], id="none listed"),
        pytest.param([0, 8], (None,) * 6, [10, None], id="a token beyond the table"),
        pytest.param([], (None,) * 6, [], id="nothing"),
    ],
)
def test_named_rows_have_the_expected_statistics(
    row: list[int], statistics: tuple[Any, ...], frequencies: list[Any]
) -> None:
    columns = columns_of([row])
    assert tuple(columns[name][0] for name in STATISTICS) == statistics
    assert columns["frequencies"] == [frequencies]


@pytest.mark.parametrize("equal_lengths", [True, False])
def test_random_rows_equal_the_oracle(equal_lengths: bool) -> None:
    rng = np.random.default_rng(5)
    table = (1e10 / rng.permutation(np.arange(1, 2001))).astype(np.int64)
    table[::301] = -1
    lengths = [64] * 300 if equal_lengths else rng.integers(0, 90, 300).tolist()
    rows = [rng.integers(0, 2000, length).tolist() for length in lengths]
    columns = columns_of(rows, table)
    for i, row in enumerate(rows):
        found = tuple(columns[name][i] for name in STATISTICS)
        expected = oracle(row, table)
        assert found == (expected if None in expected else pytest.approx(expected, rel=1e-15))
        assert columns["frequencies"][i] == [None if table[t] < 0 else table[t] for t in row]
    assert 0 < columns["max_frequency"].count(None) < 300


def test_no_rows_and_a_long_row_are_measured() -> None:
    assert columns_of([]) == {column.name: [] for column in FILTER.columns}
    table = np.random.default_rng(6).integers(0, 10**11, 5000)
    row = np.random.default_rng(7).integers(0, 5000, 100_000).tolist()
    columns = columns_of([row], table)
    assert tuple(columns[name][0] for name in STATISTICS) == pytest.approx(oracle(row, table), rel=1e-13)
    assert columns["frequencies"] == [table[row].tolist()]


def test_empty_table_gives_no_frequencies() -> None:
    assert columns_of([[0, 1]], np.array([], np.int64))["frequencies"] == [[None, None]]


def test_values_do_not_depend_on_batches() -> None:
    rows = [[0], [1, 2, 4], [3, 0], [], [6, 5, 4, 2, 1, 0], [0, 1, 2], [7]]
    assert_independent_of_batching(
        FILTER, lambda part: Sequences(tokens=token_rows(part), token_frequencies=TABLE), rows
    )
