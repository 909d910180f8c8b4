"""What a split will take on disk, told from its first rows, so that a full disk is known of before hours of job."""

from __future__ import annotations

import io
from collections.abc import Iterable
from itertools import islice

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from filters.contract import Filter
from filters.measuring import measure_batch
from spark.metrics.output_schema import OutputSchema
from spark.metrics.resolve import ResolvedSplit
from spark.sources.input_columns import InputColumns
from spark.sources.internal_columns import of_model, other_column
from spark.sources.json_lines import parse_lines
from spark.sources.line_blocks import first_lines
from spark.sources.local_files import TableFiles
from spark.storage.paths import arrow_location
from utils import UserError

ROWS_TRIED = 1_000
BYTES_OF_A_NUMBER = 8


def estimated_bytes(resolved: ResolvedSplit, filters: tuple[Filter, ...], sample_size: int | None) -> int | None:
    """The bytes that the tables of a split will take: those of its first rows, times as many as there are.

    None where the first rows cannot be read or measured; measuring the split will say why.
    """
    measured = tuple(each for each in filters if not each.asks_model)
    try:
        first, rows = first_rows(resolved.files)
        if not len(first):
            return 0
        batch = in_one_schema(first, resolved.columns)
        bytes_of_first = sum(len(_as_parquet(resolved, measured, batch, model)) for model in resolved.models)
    except (OSError, ValueError, pa.ArrowException, UserError):
        return None
    joined = (*resolved.features, *(each for features in resolved.features_by_model.values() for each in features))
    numbers = sum(len(each.values) for each in joined) + sum(len(each.columns) for each in filters if each.asks_model)
    bytes_a_row = bytes_of_first / len(first) + BYTES_OF_A_NUMBER * numbers
    return round(bytes_a_row * min(rows, sample_size or rows))


def first_rows(files: TableFiles) -> tuple[pa.Table, int]:
    """The first rows of a table, and about how many it has in all."""
    if files.format == "parquet":
        filesystem, name = arrow_location(files.paths[0])
        with pq.ParquetFile(name, filesystem=filesystem) as file:
            batches = islice(file.iter_batches(ROWS_TRIED), 1)
            return pa.Table.from_batches(batches, file.schema_arrow), files.rows or 0
    lines, bytes_read = first_lines(files.paths[0], ROWS_TRIED)
    table = pa.table(parse_lines(lines, {field.name: field.type for field in files.schema}))
    return table, round(len(lines) * files.bytes / max(bytes_read, 1))


def in_one_schema(table: pa.Table, columns: InputColumns) -> pa.RecordBatch:
    """The rows with the columns named as the stage has them."""
    named = {"sequence_id": pa.array(range(len(table)), pa.int64())}
    if columns.tokens:
        tokens = table[columns.tokens]
        named["tokens"] = tokens.cast(pa.list_(tokens.type.value_type))
    if columns.text:
        named["text"] = pc.cast(table[columns.text], options=pc.CastOptions(pa.string(), allow_invalid_utf8=True))
    named |= {of_model(model, "memorization_score"): table[name].cast("float64") for model, name in columns.scores}
    named |= {other_column(position): table[name] for position, name in enumerate(columns.others)}
    return pa.table(named).combine_chunks().to_batches()[0]


def _as_parquet(
    resolved: ResolvedSplit, filters: Iterable[Filter], batch: pa.RecordBatch, model: str | None
) -> memoryview:
    names = batch.schema.names
    tokens, text = (batch[name] if name in names else None for name in ("tokens", "text"))
    measured = measure_batch(tokens, text, filters, resolved.resources)
    output_schema = OutputSchema(tuple(filters), resolved.columns, all_memorized=resolved.split.kind == "memories")
    content = io.BytesIO()
    pq.write_table(output_schema.metrics(batch, measured, model), content, compression="zstd")
    return content.getbuffer()
