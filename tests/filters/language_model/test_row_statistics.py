"""Statistics of each row's predictions equal a plain loop over its values."""

from __future__ import annotations

import math

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


@given(LOG_LIKELIHOODS, st.sampled_from([1.0, 20.0, 60.0, 100.0]))
def test_mean_of_the_lowest_values_equals_a_plain_loop(rows: list[list[float]], percent: float) -> None:
    expected = [mean(sorted(row)[: max(1, int(len(row) * percent / 100))]) for row in rows]
    np.testing.assert_allclose(means_of_lowest(*laid_end_to_end(rows), percent), expected, rtol=1e-12)


def test_lowest_fifth_of_63_scored_tokens_is_12() -> None:
    found = means_of_lowest(*laid_end_to_end([[-float(number) for number in range(63)]]), 20)
    assert found.tolist() == [pytest.approx(-(51 + 62) / 2)]


def test_uniform_prediction_over_four_tokens_has_perplexity_four() -> None:
    assert perplexities(*laid_end_to_end([[math.log(1 / 4)] * 63])).tolist() == [pytest.approx(4)]
