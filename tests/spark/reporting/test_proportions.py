"""Intervals of shares and of their differences, against published values and exact error rates."""

from __future__ import annotations

from math import comb

import pytest

from spark.reporting.proportions import Z_95, Share, difference_interval, is_beyond_chance, wilson_interval


@pytest.mark.parametrize(
    ("share", "expected"),
    [  # Newcombe 1998, Stat Med 17:857, table I, method 3
        (Share(81, 263), (0.2553, 0.3662)),
        (Share(15, 148), (0.0624, 0.1605)),
        (Share(0, 20), (0.0, 0.1611)),
        (Share(1, 29), (0.0061, 0.1718)),
    ],
)
def test_wilson_intervals_as_published(share: Share, expected: tuple[float, float]) -> None:
    assert wilson_interval(share) == pytest.approx(expected, abs=5e-5)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [  # Newcombe 1998, Stat Med 17:873, table II, method 10
        (Share(56, 70), Share(48, 80), (0.0524, 0.3339)),
        (Share(9, 10), Share(3, 10), (0.1705, 0.8090)),
        (Share(6, 7), Share(2, 7), (0.0582, 0.8062)),
        (Share(5, 56), Share(0, 29), (-0.0381, 0.1926)),
        (Share(0, 10), Share(0, 10), (-0.2775, 0.2775)),
        (Share(10, 10), Share(0, 20), (0.6791, 1.0)),
    ],
)
def test_intervals_of_differences_as_published(first: Share, second: Share, expected: tuple[float, float]) -> None:
    assert difference_interval(first, second, Z_95) == pytest.approx(expected, abs=5e-5)


@pytest.mark.parametrize(("of_first", "of_second"), [(30, 30), (10, 60)])
@pytest.mark.parametrize("true_share", [0.02, 0.1, 0.5])
def test_equal_shares_are_seldom_called_different(true_share: float, of_first: int, of_second: int) -> None:
    """The exact probability, over all outcomes of two samples of the same share."""

    def probability(rows: int, of: int) -> float:
        return float(comb(of, rows) * true_share**rows * (1 - true_share) ** (of - rows))

    wrong = sum(
        probability(first, of_first) * probability(second, of_second)
        for first in range(of_first + 1)
        for second in range(of_second + 1)
        if is_beyond_chance(Share(first, of_first), Share(second, of_second))
    )
    assert wrong < 0.02


def test_large_samples_of_different_shares_differ() -> None:
    assert is_beyond_chance(Share(304, 4000), Share(407, 4000))
    assert not is_beyond_chance(Share(304, 4000), Share(315, 4000))
    assert str(Share(304, 4000)) == "7.6%"
