"""Check which Arrow types are accepted for tokens, text, ids and scores."""

from __future__ import annotations

import pyarrow as pa

LISTS = (
    pa.types.is_list,
    pa.types.is_large_list,
    pa.types.is_fixed_size_list,
    pa.types.is_list_view,
    pa.types.is_large_list_view,
)
TEXTS = (
    *(pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view),
    *(pa.types.is_binary, pa.types.is_large_binary, pa.types.is_binary_view),
)


def is_integer(type_: pa.DataType) -> bool:
    """Return whether the type holds whole numbers."""
    return bool(pa.types.is_integer(type_))


def is_number(type_: pa.DataType) -> bool:
    """Return whether the type holds numbers."""
    return bool(pa.types.is_integer(type_) or pa.types.is_floating(type_))


def unwrapped_type(type_: pa.DataType) -> pa.DataType:
    """Return the type of the values: without extension, dictionary or run ends around it."""
    while True:
        if isinstance(type_, pa.BaseExtensionType):
            type_ = type_.storage_type
        elif pa.types.is_dictionary(type_) or pa.types.is_run_end_encoded(type_):
            type_ = type_.value_type
        else:
            return type_


def is_integer_list(type_: pa.DataType) -> bool:
    """Return whether the type holds lists of whole numbers."""
    type_ = unwrapped_type(type_)
    return any(is_list(type_) for is_list in LISTS) and is_integer(type_.value_type)


def is_string(type_: pa.DataType) -> bool:
    """Return whether the type holds text, or bytes that may be text."""
    type_ = unwrapped_type(type_)
    return any(holds_text(type_) for holds_text in TEXTS)


def is_readable(type_: pa.DataType) -> bool:
    """Return whether Spark reads the type unchanged, at any depth: no nanoseconds, times, durations or unions."""
    if any(not is_readable(type_.field(i).type) for i in range(type_.num_fields)):
        return False
    is_nanoseconds = pa.types.is_timestamp(type_) and type_.unit == "ns"
    is_wide = pa.types.is_decimal(type_) and type_.precision > 38
    is_unknown = pa.types.is_time(type_) or pa.types.is_duration(type_) or pa.types.is_float16(type_)
    is_other = pa.types.is_union(type_) or pa.types.is_interval(type_)
    return not (is_nanoseconds or is_wide or is_unknown or is_other)
