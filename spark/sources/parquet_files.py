"""Read the footers of Parquet files, and check that they are consistent and that Spark can read the files."""

from __future__ import annotations

from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from filters.input_types import is_readable
from spark.sources.arrow_types import plain_schema, spark_schema
from spark.sources.counted_for import CountedFor, read_record
from spark.sources.parquet_codecs import BROTLI, codecs_of
from spark.storage.paths import AnyPath, arrow_location
from utils import UserError, printable

NOT_READ = frozenset(("LZO",))  # neither Spark nor pyarrow has this codec
METADATA = "_metadata"  # Spark's own column of each file, which a column of this name would hide


class ParquetFile(NamedTuple):
    """What the footer of a Parquet file says.

    schema: in types that Spark has, where it has one. rows_of_groups: the number of rows in each row group.
    bytes: the file's size. is_for_spark: whether Spark itself can read the file as it is.
    counted_for: what the values of a feature table stand for; None if the file does not say.
    """

    schema: pa.Schema
    rows_of_groups: tuple[int, ...]
    bytes: int
    is_for_spark: bool
    counted_for: CountedFor | None = None

    @property
    def rows(self) -> int:
        """The number of rows."""
        return sum(self.rows_of_groups)


def describe_parquet(path: AnyPath) -> ParquetFile:
    """Read the footer of a file; raise UserError if the file is damaged, or Spark cannot read it."""
    shown = printable(str(path))
    try:
        with open_parquet_file(path) as file:
            metadata, schema = file.metadata, plain_schema(file.schema_arrow)
            record = read_record(file.schema_arrow.metadata)
            size, codecs = path.stat().st_size, _codecs(path)
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
    if unreadable := sorted(codecs & NOT_READ):
        raise UserError(
            f"{shown} is compressed with {', '.join(unreadable)}, which is not read here.\n"
            "Write it again with zstd, snappy or gzip."
        )
    is_for_spark = METADATA not in schema.names and all(is_readable(field.type) for field in schema)
    is_for_spark = is_for_spark and BROTLI not in codecs
    return ParquetFile(schema if is_for_spark else spark_schema(schema), rows, size, is_for_spark, record)


def _codecs(path: AnyPath) -> frozenset[str]:
    filesystem, name = arrow_location(path)
    with filesystem.open_input_file(name) as file:
        return codecs_of(file)


def open_parquet_file(path: AnyPath) -> pq.ParquetFile:
    """Open a file. Timestamps of the type INT96, which Spark writes by default, are microseconds, as Spark reads them.

    As nanoseconds, those before 1677 and after 2262 would be read as others.
    """
    filesystem, name = arrow_location(path)
    return pq.ParquetFile(
        name, filesystem=filesystem, page_checksum_verification=True, coerce_int96_timestamp_unit="us"
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
