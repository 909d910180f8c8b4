"""The type of a column that two datasets of a run both have."""

from __future__ import annotations

import pyarrow as pa
import pytest

from spark.metrics.common_types import cast_column, common_type
from utils import UserError

UNSIGNED = pa.decimal128(20, 0)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (pa.int32(), pa.int64(), pa.int64()),
        (pa.int64(), pa.float64(), pa.float64()),
        (pa.int16(), pa.float32(), pa.float64()),
        (pa.float32(), pa.float64(), pa.float64()),
        (pa.int64(), UNSIGNED, UNSIGNED),
        (pa.decimal128(5, 2), pa.decimal128(6, 4), pa.decimal128(7, 4)),
        (pa.decimal128(38, 0), pa.decimal128(38, 2), None),
        (UNSIGNED, pa.float64(), None),
        (pa.null(), pa.string(), pa.string()),
        (pa.string(), pa.int64(), None),
        (pa.bool_(), pa.int64(), None),
        (pa.timestamp("us"), pa.timestamp("us", "UTC"), None),
        (pa.list_(pa.int32()), pa.list_(pa.int64()), pa.list_(pa.int64())),
        (pa.list_(pa.int32()), pa.list_(pa.string()), None),
        (pa.map_(pa.string(), pa.int32()), pa.map_(pa.string(), pa.float64()), pa.map_(pa.string(), pa.float64())),
        (
            pa.struct([("a", pa.int32())]),
            pa.struct([("b", pa.string()), ("a", pa.int64())]),
            pa.struct([("a", pa.int64()), ("b", pa.string())]),
        ),
        (pa.struct([("a", pa.int32())]), pa.struct([("a", pa.string())]), None),
    ],
    ids=str,
)
def test_the_common_type_holds_both_without_loss(
    one: pa.DataType, other: pa.DataType, expected: pa.DataType | None
) -> None:
    assert common_type(one, other) == expected
    assert expected is None or common_type(one, expected) == expected
    assert (common_type(other, one) is None) == (expected is None)


def test_values_keep_their_meaning_in_the_common_type() -> None:
    nested = pa.array([[{"a": 1}], None])
    wider = pa.list_(pa.struct([("a", pa.float64()), ("b", pa.string())]))
    assert cast_column(nested, wider, "x").to_pylist() == [[{"a": 1.0, "b": None}], None]
    assert cast_column(pa.nulls(2, pa.int32()), pa.list_(pa.string()), "x").to_pylist() == [None, None]


def test_an_integer_that_no_double_holds_is_an_error_with_the_columns_name() -> None:
    assert cast_column(pa.array([2**53]), pa.float64(), "score").to_pylist() == [2.0**53]
    with pytest.raises(UserError, match=r"Column `score` .*9007199254740993.*\n.*two runs"):
        cast_column(pa.array([2**53 + 1]), pa.float64(), "score")
