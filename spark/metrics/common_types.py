"""The type that holds the values of two types without loss, and casts to it."""

from __future__ import annotations

from functools import reduce

import pyarrow as pa

from utils import UserError, printable

DIGITS = {pa.int8(): 3, pa.int16(): 5, pa.int32(): 10, pa.int64(): 19}
WIDEST_DECIMAL = 38


def common_type(one: pa.DataType, other: pa.DataType) -> pa.DataType | None:
    """Return the narrowest type that holds the values of both types; None if there is none.

    Integers and floats become doubles: integers above 2^53 fail in `cast_column`, they are not rounded.
    """
    if one == other or pa.types.is_null(other):
        return one
    if pa.types.is_null(one):
        return other
    if _is_number(one) and _is_number(other):
        return _common_number(one, other)
    if pa.types.is_list(one) and pa.types.is_list(other):
        value = common_type(one.value_type, other.value_type)
        return None if value is None else pa.list_(value)
    if pa.types.is_map(one) and pa.types.is_map(other):
        key, item = common_type(one.key_type, other.key_type), common_type(one.item_type, other.item_type)
        return None if key is None or item is None else pa.map_(key, item)
    if pa.types.is_struct(one) and pa.types.is_struct(other):
        return _common_struct(one, other)
    return None


def cast_column(column: pa.Array, type_: pa.DataType, name: str) -> pa.Array:
    """Return the values in a type that `common_type` found; raise UserError for an integer that a double cannot hold.

    name: of the column, for the message.
    """
    if column.type == type_:
        return column
    if column.null_count == len(column):
        return pa.nulls(len(column), type_)
    try:
        return column.cast(type_)
    except pa.ArrowInvalid as error:
        raise UserError(
            f"Column `{printable(name)}` has fractions in another dataset of this run, so expected numbers that a "
            f"double holds, found another one: {printable(str(error))}.\nMeasure the datasets in two runs."
        ) from None


def _is_number(type_: pa.DataType) -> bool:
    return type_ in DIGITS or pa.types.is_floating(type_) or pa.types.is_decimal(type_)


def _common_number(one: pa.DataType, other: pa.DataType) -> pa.DataType | None:
    types = (one, other)
    if all(type_ in DIGITS for type_ in types):
        return max(types, key=lambda type_: DIGITS[type_])
    if not any(map(pa.types.is_decimal, types)):
        return pa.float64()
    if any(map(pa.types.is_floating, types)):
        return None
    scales = [type_.scale if pa.types.is_decimal(type_) else 0 for type_ in types]
    whole = [(DIGITS.get(type_) or type_.precision) - scale for type_, scale in zip(types, scales, strict=True)]
    precision = max(whole) + max(scales)
    return pa.decimal128(precision, max(scales)) if precision <= WIDEST_DECIMAL else None


def _common_struct(one: pa.StructType, other: pa.StructType) -> pa.DataType | None:
    """Return a struct with the fields of both, in order; a field that a value lacks is null."""
    fields: dict[str, pa.DataType | None] = {}
    for field in (*one, *other):
        known = fields.get(field.name, pa.null())
        fields[field.name] = None if known is None else common_type(known, field.type)
    found = {name: type_ for name, type_ in fields.items() if type_ is not None}
    return pa.struct(list(found.items())) if len(found) == len(fields) else None


def common_type_of(types: list[pa.DataType]) -> pa.DataType | None:
    """Return the narrowest type that holds the values of all types; None if there is none."""
    found: pa.DataType | None = pa.null()
    return reduce(lambda so_far, type_: None if so_far is None else common_type(so_far, type_), types, found)
