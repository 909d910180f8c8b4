"""Read the footers of Parquet files, and check that they are consistent and that Spark can read the files."""

from __future__ import annotations

from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from spark.storage.paths import AnyPath, arrow_location
from utils import UserError, printable


class ParquetFile(NamedTuple):
    """What the footer of a Parquet file says.

    schema: in types that Parquet has. rows_of_groups: the number of rows in each row group. bytes: the file's size.
    """

    schema: pa.Schema
    rows_of_groups: tuple[int, ...]
    bytes: int

    @property
    def rows(self) -> int:
        """The number of rows."""
        return sum(self.rows_of_groups)


def describe_parquet(path: AnyPath) -> ParquetFile:
    """Read the footer of a file; raise UserError if the file is damaged, or Spark cannot read it."""
    shown = printable(str(path))
    filesystem, name = arrow_location(path)
    try:
        with pq.ParquetFile(name, filesystem=filesystem) as file:
            metadata, schema = file.metadata, plain_schema(file.schema_arrow)
            size = path.stat().st_size
            printable(str(schema))  # raises ValueError for names that are not UTF-8
    except (OSError, ValueError, pa.ArrowException) as error:
        reason = printable(" ".join(str(error).split()))[:300].rstrip(".")
        raise UserError(f"{shown} is no readable Parquet file: {reason}.") from None
    # Read nothing else of a row group: pyarrow ends the process if the description of a column is damaged.
    rows = tuple(metadata.row_group(number).num_rows for number in range(metadata.num_row_groups))
    if metadata.num_rows != sum(rows):
        raise UserError(
            f"{shown} is damaged: its footer says {metadata.num_rows} rows, its row groups {sum(rows)}.\n"
            "Write the file again."
        )
    return ParquetFile(schema, rows, size)


def plain_schema(schema: pa.Schema) -> pa.Schema:
    """Return the schema in types that Parquet has: no dictionaries, views or other types of Arrow alone."""
    return pa.schema([(field.name, plain_type(field.type)) for field in schema])


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
    """Return in which column two schemas differ, in any order of columns; None if they do not."""
    for name in (*expected.names, *found.names):
        here, there = (_types_of(name, schema) for schema in (found, expected))
        if here != there:
            return f"column `{printable(name)}` is {here} in the former, {there} in the latter"
    return None


def _types_of(name: str, schema: pa.Schema) -> str:
    types = [printable(str(field.type))[:300] for field in schema if field.name == name]
    return " and ".join(types) or "missing"
