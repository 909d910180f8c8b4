"""`Pace`: speed and time left, calculated by hand."""

from __future__ import annotations

import pytest

from spark.reporting.events import Advance
from spark.reporting.pace import Pace


def test_no_speed_before_the_first_rows() -> None:
    assert Pace(10.0).at(70.0, 0, 1000, 0.0) == Advance(0, 1000)


def test_speed_is_taken_at_the_newest_step_and_the_time_left_counts_down() -> None:
    pace = Pace(100.0)
    at_the_step = pace.at(110.0, 200, 1000, None)
    assert at_the_step == Advance(200, 1000, 20.0, 40.0, 0.2)
    assert pace.at(115.0, 200, 1000, None) == Advance(200, 1000, 20.0, 35.0, 0.2)
    assert pace.at(190.0, 200, 1000, None).seconds_left == 0.0
    assert pace.at(200.0, 500, 1000, None) == Advance(500, 1000, 5.0, 100.0, 0.5)


@pytest.mark.parametrize(
    ("share", "left"),
    [
        pytest.param(0.25, 30.0, id="by tasks"),
        pytest.param(None, None, id="not known"),
        pytest.param(0.0, None, id="0"),
    ],
)
def test_without_a_total_the_time_left_comes_from_the_share(share: float | None, left: float | None) -> None:
    advance = Pace(0.0).at(10.0, 500, None, share)
    assert (advance.rows_total, advance.rows_per_second, advance.seconds_left) == (None, 50.0, left)


def test_more_rows_than_expected_leave_no_time() -> None:
    assert Pace(0.0).at(10.0, 110, 100, None) == Advance(110, 100, 11.0, 0.0, 1.0)
