"""The unit that a sequence repeats: named cases, a slow oracle, edge cases, and independence of batching."""

from __future__ import annotations

import time
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pytest

from filters.contract import RaggedArray, Sequences
from filters.ragged import ragged_from_lists
from filters.repetition.filter import FILTER, MIN_COVERAGE, MIN_COVERAGE_AT_END, measure, repetitions
from filters.repetition.kernel import CANDIDATES, MAX_PERIOD
from tests.filters.repetition_oracle import repetition

Row = list[int]
LINE_BREAK, INDENT = 187, 50276


class Found(NamedTuple):
    """The values of a row, in the order of the columns of the filter."""

    is_repeating: bool
    offset: int | None
    number: int | None
    unit: Row | None
    coverage: float
    at_end: float = 0.0


NOTHING = Found(False, None, None, None, 0.0)


def measured(rows: list[Row]) -> list[Found]:
    columns = measure(Sequences(tokens=ragged_from_lists(pa.array(rows, pa.list_(pa.int32())))))
    return [Found(*values) for values in zip(*(column.to_pylist() for column in columns), strict=True)]


PROSE = list(range(1000, 1064))
COUNTER_IN_A_FRAME = [token for number in range(12) for token in (5, 6, 7, 100 + number, 8)]

CASES = {
    "one token": ([7] * 64, Found(True, 0, 64, [7], 1.0)),
    "a unit that fits exactly": ([1, 2, 3, 4] * 4, Found(True, 0, 4, [1, 2, 3, 4], 1.0)),
    "begins and ends within the unit": ([3, 4] + [1, 2, 3, 4] * 5 + [1], Found(True, 0, 5, [3, 4, 1, 2], 1.0)),
    "half of the sequence": (PROSE[:32] * 2, Found(True, 0, 2, PROSE[:32], 1.0)),
    "the longest period": (list(range(MAX_PERIOD)) * 2, Found(True, 0, 2, list(range(MAX_PERIOD)), 1.0)),
    "a longer period": (list(range(MAX_PERIOD + 1)) * 3, NOTHING),
    "a unit with a token twice": ([1, 1, 2] * 6, Found(True, 0, 6, [1, 1, 2], 1.0)),
    "a unit within a unit": ([1, 2, 1, 2, 3] * 4, Found(True, 0, 4, [1, 2, 1, 2, 3], 1.0)),
    "a prefix": ([*PROSE[:4], *[1, 2, 3] * 4], Found(True, 4, 4, [1, 2, 3], 12 / 16)),
    "a prefix as long as the rest": ([*PROSE[:12], *[1, 2, 3] * 4], Found(True, 12, 4, [1, 2, 3], 0.5)),
    "a suffix as long as the rest": ([*[1, 2, 3] * 4, *PROSE[:12]], Found(False, 0, 4, [1, 2, 3], 0.5)),
    "exactly the cut at the end": ([*PROSE[:15], *[1, 2, 3] * 3], Found(True, 15, 3, [1, 2, 3], 0.375)),
    "just below the cut at the end": ([*PROSE[:16], *[1, 2, 3] * 3], Found(False, 16, 3, [1, 2, 3], 9 / 25)),
    "two units at the end": ([*PROSE[:10], *PROSE[20:30] * 2], Found(False, 10, 2, PROSE[20:30], 2 / 3)),
    "a word cut off at the end": ([*PROSE[:12], *[1, 2, 3] * 4, 98, 99], Found(True, 12, 4, [1, 2, 3], 12 / 26)),
    "a line break in the repetition at the end": (
        [*PROSE[:20], *[1, 2, 3, 4] * 4, LINE_BREAK, *[1, 2, 3, 4] * 3],
        Found(True, 20, 7, [1, 2, 3, 4], 28 / 49),
    ),
    "other text in the repetition at the end": (
        [*[1, 2, 3, 4] * 3, *PROSE[:20], *[1, 2, 3, 4] * 3],
        Found(False, 0, 6, [1, 2, 3, 4], 24 / 44),
    ),
    "a suffix": ([*[1, 2, 3] * 4, *PROSE[:4]], Found(True, 0, 4, [1, 2, 3], 12 / 16)),
    "exactly the cut": ([*[1, 2] * 7, *PROSE[:6]], Found(True, 0, 7, [1, 2], 0.7)),
    "just below the cut": ([*[1, 2] * 7, *PROSE[:7]], Found(False, 0, 7, [1, 2], 14 / 21)),
    "a line break now and then": (
        [1, 2, 3] * 4 + [LINE_BREAK, INDENT] + [1, 2, 3] * 4 + [LINE_BREAK, INDENT] + [1, 2, 3] * 3,
        Found(True, 0, 11, [1, 2, 3], 33 / 37),
    ),
    "a line break after every second time": (
        [1, 2, 3, 1, 2, 3, LINE_BREAK] * 4,
        Found(True, 0, 4, [1, 2, 3, 1, 2, 3, LINE_BREAK], 1.0),
    ),
    "a line break within the unit": (
        [1, 2, 3, 4, 5, 1, 2, LINE_BREAK, 3, 4, 5, 1, 2, 3, 4, LINE_BREAK, 5, 1, 2, 3, 4, 5, 1],
        Found(True, 0, 3, [1, 2, 3, 4, 5], 21 / 23),
    ),
    "the unit's first token differs after the break": (
        [1, 2, 3, 1, 2, 3, 1, 2, 3, LINE_BREAK, 91, 2, 3, 1, 2, 3, 1, 2, 3, 1],
        Found(True, 0, 6, [1, 2, 3], 18 / 20),
    ),
    "one token changed": (
        [1, 2] * 5 + [1, 99] + [1, 2] * 5,
        Found(True, 0, 10, [1, 2], 21 / 22),
    ),
    "a repetition twice": ([1, 2] * 4 + PROSE[:3] + [2, 1] * 4, Found(True, 0, 8, [1, 2], 16 / 19)),
    "two repetitions, the longer one counts": ([1, 2] * 4 + [3] * 12, Found(True, 8, 12, [3], 0.6)),
    "a counter in a frame": (COUNTER_IN_A_FRAME, NOTHING),
    "numbers and commas": ([t for n in range(30) for t in (100 + n, 13)], NOTHING),
    "nothing repeated": (PROSE, NOTHING),
    "short stretches that average 7 tokens": (
        [1, 2] * 3 + [91] + [1, 2] * 4 + [92],
        Found(True, 0, 7, [1, 2], 14 / 16),
    ),
    "shorter stretches": ([1, 2] * 3 + [91] + [1, 2] * 3 + [92], NOTHING),
    "a doubled line break": ([*PROSE[:9], LINE_BREAK, LINE_BREAK, *PROSE[9:20]], NOTHING),
    "a unit and half of it": (PROSE[:20] + PROSE[:10], NOTHING),
    "the same paragraph at both ends": (PROSE[:20] + PROSE[30:50] + PROSE[:20], NOTHING),
    "the highest token ids": ([2**31 - 1, 2**31 - 2] * 8, Found(True, 0, 8, [2**31 - 1, 2**31 - 2], 1.0)),
    "one row of one token": ([5], NOTHING),
    "two tokens alike": ([5, 5], NOTHING),
    "three tokens alike": ([5, 5, 5], Found(True, 0, 3, [5], 1.0)),
    "an empty row": ([], NOTHING),
}


@pytest.mark.parametrize(("row", "expected"), CASES.values(), ids=CASES.keys())
def test_named_rows_have_the_expected_repetition(row: Row, expected: Found) -> None:
    (found,) = measured([row])
    assert found[:4] == expected[:4]
    assert found.coverage == pytest.approx(expected.coverage)
    assert found == oracle(row)


def oracle(row: Row) -> Found:
    found = repetition(row, CANDIDATES, MAX_PERIOD)
    if found is None:
        return NOTHING
    is_repeating = found.coverage >= MIN_COVERAGE or found.at_end >= MIN_COVERAGE_AT_END
    return Found(is_repeating, *found)


def random_rows(seed: int, count: int) -> list[Row]:
    """Return rows with cut, interrupted and changed repetitions, and rows of few different tokens."""
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(count):
        alphabet = int(rng.choice([2, 3, 10, 50_000]))
        unit = rng.integers(0, alphabet, rng.integers(1, 25))
        row = np.tile(unit, 100)[rng.integers(0, len(unit)) :][: rng.integers(0, 90)]
        for _ in range(rng.integers(0, 5)):
            place = int(rng.integers(0, len(row) + 1))
            row = np.insert(row, place, rng.integers(0, alphabet, rng.integers(1, 12)))
        rows.append(row.tolist())
    return rows


def test_random_rows_equal_the_oracle() -> None:
    rows = random_rows(seed=1, count=1500)
    found = measured(rows)
    assert sum(each.is_repeating for each in found) > 300
    assert sum(each == NOTHING for each in found) > 100
    for row, each in zip(rows, found, strict=True):
        assert each == oracle(row), row


def test_few_irregular_columns_of_few_symbols_repeat() -> None:
    rng = np.random.default_rng(8)
    columns = [[token for number in rng.integers(0, 3, 32) for token in (int(number), LINE_BREAK)] for _ in range(300)]
    bits = [rng.integers(0, 2, 64).tolist() for _ in range(300)]
    # About 16 and 62 without MIN_MEAN_STRETCH.
    assert sum(each.is_repeating for each in measured(columns)) < 10
    assert sum(each.is_repeating for each in measured(bits)) < 10


def test_found_unit_occurs_in_the_row_as_reported() -> None:
    for row, found in zip(rows := random_rows(seed=2, count=500), measured(rows), strict=True):
        if found.unit is None:
            continue
        assert found.offset is not None and found.number is not None
        period = len(found.unit)
        assert row[found.offset : found.offset + period] == found.unit
        assert 2 * period <= found.number * period <= round(found.coverage * len(row)) <= len(row)
        shorter = (found.unit[:n] * (period // n) for n in range(1, period) if period % n == 0)
        assert found.unit not in list(shorter), "the unit is itself a repetition"


def test_values_do_not_depend_on_batches() -> None:
    rows = random_rows(seed=3, count=200)
    together = measured(rows)
    assert [measured([row])[0] for row in rows] == together
    order = np.random.default_rng(4).permutation(len(rows))
    assert measured([rows[i] for i in order]) == [together[i] for i in order]
    column = pa.array(rows, pa.list_(pa.int32())).slice(50, 100)
    sliced = [each.to_pylist() for each in measure(Sequences(tokens=ragged_from_lists(column)))]
    assert [Found(*values) for values in zip(*sliced, strict=True)] == together[50:150]


def test_columns_have_the_declared_types_with_and_without_rows() -> None:
    for rows in ([], [[]], [[1, 1, 1], [1, 2]]):
        columns = measure(Sequences(tokens=ragged_from_lists(pa.array(rows, pa.list_(pa.int32())))))
        assert [each.type for each in columns] == [column.type for column in FILTER.columns]
        assert [len(each) for each in columns] == [len(rows)] * len(FILTER.columns)
        for each in columns:
            each.validate(full=True)


LONG = 100_000
RANDOM = np.random.default_rng(5)
LONG_ROWS = {
    "one token": np.zeros(LONG),
    "random": RANDOM.integers(0, 50_000, LONG),
    "two tokens at random": RANDOM.integers(0, 2, LONG),
    "a mask of few ones": RANDOM.random(LONG) < 0.002,
    "a long unit": np.tile(RANDOM.integers(0, 50_000, 1000), LONG // 1000),
    "nearly periodic": np.tile(np.arange(LONG // 100) == 0, 100) ^ (RANDOM.random(LONG) < 0.001),
}


@pytest.mark.parametrize("row", LONG_ROWS.values(), ids=LONG_ROWS.keys())
def test_row_of_100_000_tokens_takes_under_1_5_seconds(row: np.ndarray) -> None:
    tokens = RaggedArray(row.astype(np.int32), np.array([0, LONG], np.int64))
    repetitions(tokens)
    started = time.process_time()
    repetitions(tokens)
    assert time.process_time() - started < 1.5
