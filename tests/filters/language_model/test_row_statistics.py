"""Statistics of each row's predictions equal a plain loop over its values."""

from __future__ import annotations

import math
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.language_model.row_statistics import means_of_lowest, perplexities, row_means

LOG_LIKELIHOODS = st.lists(st.lists(st.floats(-30, 0), max_size=9), max_size=6)


def laid_end_to_end(rows: list[list[float]]) -> tuple[np.ndarray, np.ndarray]:
    values = np.array([value for row in rows for value in row], np.float64)
    return values, np.cumsum([0, *map(len, rows)], dtype=np.int64)


def mean(values: list[float]) -> float:
    return math.fsum(values) / len(values) if values else math.nan


@given(LOG_LIKELIHOODS)
def test_means_and_perplexities_equal_a_plain_loop(rows: list[list[float]]) -> None:
    values, offsets = laid_end_to_end(rows)
    expected = [mean(row) for row in rows]
    np.testing.assert_allclose(row_means(values, offsets), expected, rtol=1e-12)
    np.testing.assert_allclose(perplexities(values, offsets), [math.exp(-each) for each in expected], rtol=1e-10)


@given(LOG_LIKELIHOODS, st.sampled_from(["1", "20", "33.4", "60", "100"]))
def test_mean_of_the_lowest_values_equals_a_plain_loop(rows: list[list[float]], percent: str) -> None:
    expected = [mean(sorted(row)[: max(1, int(len(row) * Decimal(percent) / 100))]) for row in rows]
    np.testing.assert_allclose(means_of_lowest(*laid_end_to_end(rows), float(percent)), expected, rtol=1e-12)


@pytest.mark.parametrize("percent", [4.6, 9.2, 0.1, 20, 33.3, 56.7, 99.9, 100.0, np.float64(4.6)])
def test_number_of_lowest_values_is_the_exact_share_rounded_down(percent: float) -> None:
    lengths = range(1, 2050, 7)
    rows = [[-float(number) for number in range(length)] for length in (*lengths, 1500)]
    taken = [max(1, int(len(row) * Decimal(str(percent)) / 100)) for row in rows]
    # The mean of the lowest k of 0, -1, ..., -(n - 1) is (k - 1) / 2 - (n - 1).
    expected = [(number - 1) / 2 - (len(row) - 1) for number, row in zip(taken, rows, strict=True)]
    np.testing.assert_allclose(means_of_lowest(*laid_end_to_end(rows), percent), expected, rtol=1e-12)


def test_4_6_percent_of_1500_values_is_69() -> None:
    row = [-100.0] * 69 + [0.0] * 1431  # 4.6 * 1500 / 100 is 68.99999999999999 in floating point
    assert means_of_lowest(*laid_end_to_end([row]), 4.6).tolist() == [-100.0]
    assert means_of_lowest(*laid_end_to_end([[*row[1:], 0.0]]), 4.6).tolist() == [-100.0 * 68 / 69]


def test_lowest_fifth_of_63_scored_tokens_is_12() -> None:
    found = means_of_lowest(*laid_end_to_end([[-float(number) for number in range(63)]]), 20)
    assert found.tolist() == [pytest.approx(-(51 + 62) / 2)]


def test_uniform_prediction_over_four_tokens_has_perplexity_four() -> None:
    assert perplexities(*laid_end_to_end([[math.log(1 / 4)] * 63])).tolist() == [pytest.approx(4)]
