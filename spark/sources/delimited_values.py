"""Convert the fields of CSV rows to typed columns, each row by itself: a row that does not fit is named."""

from __future__ import annotations

from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from spark.sources.arrow_types import spark_type

TOKENS_TYPE = pa.list_(pa.int64())
# Lists of token ids as pandas, Polars and people write them: `[1, 2, 3]`, `[1 2 3]`, `1 2 3`.
TOKENS_PATTERN = r"^\s*[\[(]?\s*(-?\d{1,18}(\s*,\s*|\s+))*(-?\d{1,18})?\s*,?\s*[\])]?\s*$"
AROUND_TOKENS = "[]() \t\r\n,"
EMPTY = pa.array(["", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "<NA>"])


class Converted(NamedTuple):
    """A column in its type, null where a value does not fit; and whether each value fits, or None if all do."""

    column: pa.Array
    fits: pa.BooleanArray | None


def stored_type(inferred: pa.DataType) -> pa.DataType:
    """Return the type of a column whose fields pyarrow infers to be of some type."""
    if pa.types.is_time(inferred) or pa.types.is_duration(inferred) or pa.types.is_binary(inferred):
        return pa.string()
    return pa.string() if pa.types.is_null(inferred) else inferred


def convert(fields: pa.BinaryArray, type_: pa.DataType) -> Converted:
    """Return fields as a column in the Spark type of `type_`. Empty fields are null unless the column is text."""
    text, fits = _cast(fields, pa.string())
    if pa.types.is_string(type_):
        return Converted(text, fits)
    if type_ == TOKENS_TYPE:
        column, is_list = _token_lists(text)
        return Converted(column, _both(fits, is_list))
    trimmed = pc.utf8_trim_whitespace(text)
    given = pc.if_else(pc.is_in(trimmed, EMPTY), pa.scalar(None, pa.string()), trimmed)
    column, is_typed = _cast(given, type_)
    return Converted(column.cast(spark_type(type_), safe=False), _both(fits, is_typed))


def _token_lists(text: pa.StringArray) -> Converted:
    is_list = pc.fill_null(pc.match_substring_regex(text, TOKENS_PATTERN), True)
    kept = pc.if_else(is_list, text, pa.scalar(None, pa.string()))
    inner = pc.utf8_trim(kept, AROUND_TOKENS)
    pieces = pc.split_pattern_regex(inner, r"[,\s]+")
    # An empty text splits into one empty piece: it is a list without tokens.
    lengths = pc.if_else(pc.equal(inner, ""), 0, pc.list_value_length(pieces))
    offsets = pa.concat_arrays([pa.array([0]), pc.cumulative_sum(pc.fill_null(lengths, 0).cast(pa.int64()))])
    values = pc.list_flatten(pieces)
    numbers = values.filter(pc.not_equal(values, "")).cast(pa.int64())
    lists = pa.ListArray.from_arrays(offsets.cast(pa.int32()), numbers, mask=pc.is_null(kept))
    return Converted(lists, None if pc.all(is_list).as_py() else is_list)


def _cast(column: pa.Array, type_: pa.DataType) -> Converted:
    try:
        return Converted(column.cast(type_), None)
    except pa.ArrowInvalid:
        values = [_cast_one(value, type_) for value in column]
    fits = [value is not None for value in values]
    return Converted(pa.array([value and value.as_py() for value in values], type_), pa.array(fits))


def _cast_one(value: pa.Scalar, type_: pa.DataType) -> pa.Scalar | None:
    """Return a value in a type; None if it does not fit."""
    try:
        return value.cast(type_)
    except pa.ArrowInvalid:
        return None


def _both(first: pa.BooleanArray | None, second: pa.BooleanArray | None) -> pa.BooleanArray | None:
    if first is None or second is None:
        return second if first is None else first
    return pc.and_(first, second)
