"""The columns and counts of the output tables, from one measured batch."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from filters.contract import Column, Filter
from filters.measuring import MeasuredBatch
from filters.validity import NULL_TOKENS
from spark.metrics.output_schema import OutputSchema, schema_of
from spark.metrics.shared_columns import SharedColumns
from spark.sources.input_columns import InputColumns
from spark.sources.internal_columns import LINE, of_model, other_column

REASONS = np.array([None, NULL_TOKENS, None], object)
SOURCE = InputColumns("index", "tokens", "words", (("70m", "70M"),), ("mine", "is_code"))
BATCH = pa.RecordBatch.from_pydict(
    {
        "sequence_id": pa.array([5, 6, 7], pa.int64()),
        "tokens": pa.array([[1], None, [2, 3]], pa.list_(pa.int32())),
        "text": ["one", "two", "three"],
        other_column(0): ["a", "b", "c"],
        other_column(1): [True, True, False],
        of_model("70m", "memorization_score"): [1.0, 0.5, 0.25],
    }
)
TOKENS = pa.array([[1], [2, 3]], pa.list_(pa.int32()))


def a_filter(name: str, type_: pa.DataType) -> Filter:
    return Filter(name, "", (Column(name, type_, f"the {name}"),), ("tokens",), lambda _: ())


REPEATING, CODE = a_filter("is_repeating", pa.bool_()), a_filter("is_code", pa.bool_())
SCORE = a_filter("memorization_score", pa.float64())
SHARED = SharedColumns(
    pa.schema([("mine", pa.string()), ("is_code", pa.bool_()), ("theirs", pa.int64())]), ("70M",), pa.list_(pa.int64())
)
SCHEMA = OutputSchema((REPEATING, CODE, SCORE), SOURCE, SHARED, all_memorized=False)
MEASURED = MeasuredBatch(REASONS, TOKENS, pa.array(["one", "three"]), {"is_repeating": pa.array([True, False])})


def test_a_metrics_table_has_ids_tokens_text_metrics_and_other_columns_in_this_order() -> None:
    table = SCHEMA.metrics(BATCH, MEASURED, "70m")
    assert table.to_pydict() == {
        "sequence_id": [5, 7],
        "tokens": [[1], [2, 3]],
        "text": ["one", "three"],
        "is_repeating": [True, False],
        "is_code": [True, False],  # not measured: the column of the source with this name
        "memorization_score": [1.0, 0.25],
        "mine": ["a", "c"],
        "theirs": [None, None],  # another source of the run has it
    }
    assert table.column_names[:4] == ["sequence_id", "tokens", "text", "is_repeating"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param({"0_8": [8, 8]}, {"0_8": [8, 8], "plain": [8, 8]}, id="published name"),
        pytest.param({"plain": [7, 7]}, {"0_8": [7, 7], "plain": [7, 7]}, id="plain name"),
        pytest.param({"plain": [7, 7], "0_8": [8, 8]}, {"0_8": [8, 8], "plain": [7, 7]}, id="both of the source"),
        pytest.param({}, {"0_8": [None] * 2, "plain": [None] * 2}, id="neither"),
    ],
)
def test_twins_are_filled_from_each_other(given: dict[str, list[int]], expected: dict[str, list[int | None]]) -> None:
    twins = (Column("0_8", pa.int64(), "", "plain"), Column("plain", pa.int64(), "", "0_8"))
    source = InputColumns(None, "tokens", None, (), tuple(given))
    columns = {other_column(place): pa.array(values) for place, values in enumerate(given.values())}
    batch = pa.RecordBatch.from_pydict({"sequence_id": pa.array([1, 2]), **columns})
    measured = MeasuredBatch(np.array([None, None], object), None, None, {})
    table = OutputSchema((Filter("twins", "", twins),), source, False).metrics(batch, measured, None)
    assert table.select(["0_8", "plain"]).to_pydict() == expected


@pytest.mark.parametrize(("all_memorized", "expected"), [(True, [1.0, 1.0]), (False, [None, None])])
def test_a_missing_score_is_one_for_memories_and_null_for_other_data(
    all_memorized: bool, expected: list[float | None]
) -> None:
    schema = replace(SCHEMA, all_memorized=all_memorized)
    assert schema.metrics(BATCH, MEASURED, "160m")["memorization_score"].to_pylist() == expected


def test_rejected_rows_are_kept_unchanged_with_the_reason() -> None:
    batch = BATCH.append_column(LINE, pa.array([None, b"{", None]))
    (row,) = SCHEMA.rejected(batch, MEASURED).to_pylist()
    assert row == {
        "sequence_id": 6,
        "tokens": None,
        "text": b"two",
        "70M": 0.5,
        "mine": "b",
        "is_code": True,
        "theirs": None,
        "line": b"{",
        "reason_kind": "no_tokens",
        "reason": "tokens is null",
    }


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        pytest.param({}, {}, id="nothing known"),
        pytest.param({"is_repeating": [True, None, True]}, {"repeating": 2}, id="nulls do not count"),
        pytest.param({"is_code": [False, False, False]}, {"code": 0}, id="no code"),
        pytest.param({"memorization_score": [1.0, 0.9, None]}, {"scored": 2, "memorized": 1}, id="scores"),
    ],
)
def test_the_counts_of_a_table(columns: dict[str, list[Any]], expected: dict[str, int]) -> None:
    types = {column.name: column.type for each in SCHEMA.filters for column in each.columns}
    known = {name: pa.array(columns.get(name, [None] * 3), type_) for name, type_ in types.items()}
    assert SCHEMA.count(pa.table(known)) == {"rows": 3, **expected}


def test_a_column_that_no_filter_writes_is_not_counted() -> None:
    schema = replace(SCHEMA, filters=(REPEATING,))
    table = pa.table({"is_repeating": [True], "is_code": [True], "memorization_score": [1.0]})
    assert schema.count(table) == {"rows": 1, "repeating": 1}


def test_run_json_lists_every_column() -> None:
    assert schema_of((REPEATING, SCORE)) == [
        {"name": "is_repeating", "type": "bool", "filter": "is_repeating", "meaning": "the is_repeating"},
        {"name": "memorization_score", "type": "double", "filter": "memorization_score"}
        | {"meaning": "the memorization_score"},
    ]
