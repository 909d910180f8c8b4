"""What Parquet files say of themselves in their footers, held against what Spark needs and against itself."""

from __future__ import annotations

from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from spark.storage.paths import AnyPath, arrow_location
from utils import UserError, printable


class ParquetFile(NamedTuple):
    """The columns of a Parquet file, in types as Parquet itself has them, and its rows."""

    schema: pa.Schema
    rows: int


def describe_parquet(path: AnyPath) -> ParquetFile:
    """What the footer of a file says; raises UserError where the file is damaged, or cannot be read by Spark."""
    shown = printable(str(path))
    filesystem, name = arrow_location(path)
    try:
        with pq.ParquetFile(name, filesystem=filesystem) as file:
            metadata, schema = file.metadata, plain_schema(file.schema_arrow)
            printable(str(schema))  # names that are no text are found when they are asked for
    except (OSError, ValueError, pa.ArrowException) as error:
        reason = printable(" ".join(str(error).split()))[:300].rstrip(".")
        raise UserError(f"{shown} is no readable Parquet file: {reason}.") from None
    # No more is asked of the row groups: pyarrow ends the process where what they say of a column is damaged.
    if metadata.num_rows != sum(metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)):
        raise UserError(f"{shown} is damaged: the numbers of rows in its footer contradict each other.\nWrite it anew.")
    return ParquetFile(schema, metadata.num_rows)


def rows_of_groups(path: AnyPath) -> list[int]:
    """The rows of each row group of a file that `describe_parquet` found whole."""
    filesystem, name = arrow_location(path)
    with pq.ParquetFile(name, filesystem=filesystem) as file:
        return [file.metadata.row_group(number).num_rows for number in range(file.metadata.num_row_groups)]


def plain_schema(schema: pa.Schema) -> pa.Schema:
    """The schema in types as Parquet has them: without dictionaries, views, and types of Arrow's alone."""
    return pa.schema([(field.name, plain_type(field.type)) for field in schema])


def plain_type(type_: pa.DataType) -> pa.DataType:
    """A type as Parquet has it."""
    if isinstance(type_, pa.BaseExtensionType):
        return plain_type(type_.storage_type)
    if pa.types.is_dictionary(type_) or pa.types.is_run_end_encoded(type_):
        return plain_type(type_.value_type)
    if pa.types.is_large_string(type_) or pa.types.is_string_view(type_):
        return pa.string()
    if pa.types.is_large_binary(type_) or pa.types.is_binary_view(type_):
        return pa.binary()
    if pa.types.is_map(type_):
        return pa.map_(plain_type(type_.key_type), plain_type(type_.item_type))
    if pa.types.is_struct(type_):
        return pa.struct([(field.name, plain_type(field.type)) for field in type_])
    if any(is_list(type_) for is_list in LISTS):
        return pa.list_(plain_type(type_.value_type))
    return type_


LISTS = (
    pa.types.is_list,
    pa.types.is_large_list,
    pa.types.is_fixed_size_list,
    pa.types.is_list_view,
    pa.types.is_large_list_view,
)


def difference(found: pa.Schema, expected: pa.Schema) -> str | None:
    """In which column two schemas differ, whatever the order of their columns; None where they do not."""
    for name in (*expected.names, *found.names):
        here, there = (_types_of(name, schema) for schema in (found, expected))
        if here != there:
            return f"column `{printable(name)}` is {here} in the former, {there} in the latter"
    return None


def _types_of(name: str, schema: pa.Schema) -> str:
    types = [printable(str(field.type))[:300] for field in schema if field.name == name]
    return " and ".join(types) or "missing"
