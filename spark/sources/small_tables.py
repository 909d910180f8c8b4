"""Tables that are small enough for the driver to hold, read without Spark."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq

from spark.sources.internal_columns import LINE_REASON
from spark.sources.json_lines import parse_lines
from spark.sources.line_blocks import blocks_of, lines_of
from spark.sources.local_files import TableFiles
from spark.storage.paths import AnyPath, arrow_location
from utils import UserError, printable


def read_columns(files: TableFiles, names: list[str]) -> pa.Table:
    """These columns of a small table, in this order; raises UserError for a file that is damaged."""
    read = _read_parquet if files.format == "parquet" else _read_json_lines
    return pa.concat_tables([read(path, files.schema).select(names) for path in files.paths])


def _read_parquet(path: AnyPath, schema: pa.Schema) -> pa.Table:
    filesystem, name = arrow_location(path)
    try:
        with pq.ParquetFile(name, filesystem=filesystem, page_checksum_verification=True) as file:
            return file.read().cast(schema)
    except (OSError, ValueError, pa.ArrowException) as error:
        reason = printable(" ".join(str(error).split()))[:300]
        raise UserError(f"{printable(str(path))} is damaged, or cannot be read: {reason}.\nWrite it anew.") from None


def _read_json_lines(path: AnyPath, schema: pa.Schema) -> pa.Table:
    lines = [line for block in blocks_of((path,)) for line in lines_of(block)]
    columns = parse_lines(lines, {field.name: field.type for field in schema})
    reason = next(filter(None, columns[LINE_REASON].to_pylist()), None)
    if reason is not None:
        raise UserError(f"{printable(str(path))}: {printable(reason)}.")
    return pa.table({name: columns[name] for name in schema.names})
