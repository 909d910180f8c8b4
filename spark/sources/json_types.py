"""Types of JSON values: infer the columns of records, and check whether a value has a column's type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa

INT64 = range(-(2**63), 2**63)
UINT64 = range(2**64)
UNSIGNED = pa.decimal128(20, 0)  # Spark has no unsigned 64-bit integers
NOTHING_IN_IT = pa.map_(pa.string(), pa.string())  # the type of an object that is always empty
EXACT_IN_DOUBLE = range(-(2**53), 2**53 + 1)
DEEPEST = 20  # levels of lists and objects within a value


def column_types(records: list[dict[str, Any]], known: Mapping[str, pa.DataType]) -> dict[str, pa.DataType]:
    """Return the type of each column: the known type if any value fits it, else the type of the values."""
    types: dict[str, pa.DataType] = {}
    for name in dict.fromkeys(name for record in records for name in record if _is_encodable(name)):
        values = [record[name] for record in records if record.get(name) is not None]
        values = [value for value in values if _is_shallow(value, DEEPEST)]
        if name in known and (not values or any(fits(value, known[name]) for value in values)):
            types[name] = known[name]
        else:
            types[name] = _common_type(values)
    return types


def fits(value: Any, type_: pa.DataType) -> bool:
    """Return whether a JSON value has an Arrow type as it is, without conversion."""
    if pa.types.is_boolean(type_):
        return isinstance(value, bool)
    if pa.types.is_int64(type_):
        return type(value) is int and value in INT64
    if pa.types.is_float64(type_):
        return isinstance(value, float) or (type(value) is int and value in EXACT_IN_DOUBLE)
    if type_ == NOTHING_IN_IT:
        return value == {}
    if type_ == UNSIGNED:
        return type(value) is int and value in UINT64
    if pa.types.is_string(type_):
        return isinstance(value, str) and _is_encodable(value)
    if pa.types.is_list(type_):
        return isinstance(value, list) and all(item is None or fits(item, type_.value_type) for item in value)
    if pa.types.is_struct(type_):
        members = {field.name: field.type for field in type_}
        return isinstance(value, dict) and all(
            name in members and (item is None or fits(item, members[name])) for name, item in value.items()
        )
    return False


def _common_type(values: list[Any]) -> pa.DataType:
    """Return the type of all values; the first value's type if they differ; string if there is none."""
    infer: Callable[[list[Any]], pa.DataType] = lambda some: pa.array(some).type  # noqa: E731
    for some in (values, values[:1]):
        try:
            return _for_spark(infer(some))
        except (pa.ArrowException, OverflowError, UnicodeEncodeError):
            continue
    return pa.string()


def _for_spark(type_: pa.DataType) -> pa.DataType:
    """Return the type that Spark has for it, with string for unknown types, such as that of an empty list's items."""
    if pa.types.is_null(type_):
        return pa.string()
    if pa.types.is_list(type_):
        return pa.list_(_for_spark(type_.value_type))
    if pa.types.is_struct(type_) and type_.num_fields:
        return pa.struct([(field.name, _for_spark(field.type)) for field in type_])
    if pa.types.is_uint64(type_):
        return UNSIGNED
    return NOTHING_IN_IT if pa.types.is_struct(type_) else type_


def _is_shallow(value: Any, levels: int) -> bool:
    """Return whether a value nests at most `levels` lists and objects."""
    if not isinstance(value, (list, dict)):
        return True
    members = value if isinstance(value, list) else value.values()
    return levels > 0 and all(_is_shallow(member, levels - 1) for member in members)


def _is_encodable(text: str) -> bool:
    """Return whether a text is free of unpaired surrogates, which JSON can write and UTF-8 cannot."""
    return not any("\ud800" <= character <= "\udfff" for character in text) if not text.isascii() else True
