"""Check which Arrow types are accepted for tokens, text, ids and scores."""

from __future__ import annotations

import pyarrow as pa


def is_integer(type_: pa.DataType) -> bool:
    """Return whether the type holds whole numbers."""
    return bool(pa.types.is_integer(type_))


def is_number(type_: pa.DataType) -> bool:
    """Return whether the type holds numbers."""
    return bool(pa.types.is_integer(type_) or pa.types.is_floating(type_))


def is_integer_list(type_: pa.DataType) -> bool:
    """Return whether the type holds lists of whole numbers."""
    is_list = pa.types.is_list(type_) or pa.types.is_large_list(type_) or pa.types.is_fixed_size_list(type_)
    return bool(is_list and pa.types.is_integer(type_.value_type))


def is_string(type_: pa.DataType) -> bool:
    """Return whether the type holds text, or bytes that may be text."""
    is_bytes = pa.types.is_binary(type_) or pa.types.is_large_binary(type_)
    return bool(is_bytes or pa.types.is_string(type_) or pa.types.is_large_string(type_))


def is_readable(type_: pa.DataType) -> bool:
    """Return whether Spark reads the type unchanged, at any depth: no nanoseconds, times, durations or unions."""
    if any(not is_readable(type_.field(i).type) for i in range(type_.num_fields)):
        return False
    is_nanoseconds = pa.types.is_timestamp(type_) and type_.unit == "ns"
    is_wide = pa.types.is_decimal(type_) and type_.precision > 38
    is_unknown = pa.types.is_time(type_) or pa.types.is_duration(type_) or pa.types.is_float16(type_)
    is_other = pa.types.is_union(type_) or pa.types.is_interval(type_)
    return not (is_nanoseconds or is_wide or is_unknown or is_other)
