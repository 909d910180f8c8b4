"""Map Arrow types to those that Parquet has, and further to those that Spark reads through Arrow."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa

from filters.input_types import LISTS

UNSIGNED_64 = pa.decimal128(20, 0)  # Spark has no unsigned integers
WIDER = {pa.uint8(): pa.int16(), pa.uint16(): pa.int32(), pa.uint32(): pa.int64(), pa.uint64(): UNSIGNED_64}
WIDEST_DECIMAL = 38


def plain_schema(schema: pa.Schema) -> pa.Schema:
    """Return the schema in types that Parquet has: no dictionaries, views or other types of Arrow alone."""
    return pa.schema([(field.name, plain_type(field.type)) for field in schema])


def spark_schema(schema: pa.Schema) -> pa.Schema:
    """Return the schema in types that Spark reads through Arrow; other types stay, and `is_readable` rejects them."""
    return pa.schema([(field.name, spark_type(field.type)) for field in schema])


def plain_type(type_: pa.DataType) -> pa.DataType:
    """Return the type of Parquet that holds the values of an Arrow type."""
    if isinstance(type_, pa.BaseExtensionType):
        return plain_type(type_.storage_type)
    if pa.types.is_dictionary(type_) or pa.types.is_run_end_encoded(type_):
        return plain_type(type_.value_type)
    if pa.types.is_large_string(type_) or pa.types.is_string_view(type_):
        return pa.string()
    if pa.types.is_large_binary(type_) or pa.types.is_binary_view(type_):
        return pa.binary()
    return _with_members(type_, plain_type)


def spark_type(type_: pa.DataType) -> pa.DataType:
    """Return the type in which Spark holds the values of an Arrow type.

    Timestamps become microseconds, the only unit that Spark has; finer digits are cut off.
    """
    plain = plain_type(type_)
    if pa.types.is_timestamp(plain):
        return pa.timestamp("us", plain.tz)
    if pa.types.is_decimal(plain) and plain.precision <= WIDEST_DECIMAL:
        return pa.decimal128(plain.precision, plain.scale)
    if pa.types.is_fixed_size_binary(plain):
        return pa.binary()
    if pa.types.is_date(plain):
        return pa.date32()
    if pa.types.is_float16(plain):
        return pa.float32()
    if pa.types.is_null(plain):
        return pa.string()
    return _with_members(WIDER.get(plain, plain), spark_type)


def as_schema(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """Return the columns of a schema, in its types; raise pa.ArrowInvalid if a value does not fit its type."""
    columns = [_as_type(batch.column(name), schema.field(name).type) for name in schema.names]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def holds_type(type_: pa.DataType, is_type: Callable[[pa.DataType], bool]) -> bool:
    """Return whether a type, or one of its members at any depth, is of some kind."""
    return is_type(type_) or any(holds_type(type_.field(i).type, is_type) for i in range(type_.num_fields))


def _as_type(column: pa.Array, type_: pa.DataType) -> pa.Array:
    if column.type == type_:
        return column
    # Only the digits of a timestamp may be cut off; a number that does not fit is an error.
    return column.cast(type_, safe=not holds_type(type_, pa.types.is_timestamp))


def _with_members(type_: pa.DataType, convert: Callable[[pa.DataType], pa.DataType]) -> pa.DataType:
    if pa.types.is_map(type_):
        return pa.map_(convert(type_.key_type), convert(type_.item_type))
    if pa.types.is_struct(type_):
        return pa.struct([(field.name, convert(field.type)) for field in type_])
    if any(is_list(type_) for is_list in LISTS):
        return pa.list_(convert(type_.value_type))
    return type_
