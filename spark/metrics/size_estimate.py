"""Estimate the size of a job's tables from its first rows, to find a full disk before hours of measuring."""

from __future__ import annotations

import io
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from filters.measuring import measure_batch
from spark.metrics.output_schema import OutputSchema
from spark.metrics.resolve import ResolvedTable
from spark.sources.input_columns import InputColumns
from spark.sources.internal_columns import of_model, other_column
from utils import UserError

ROWS_TRIED = 1_000
BYTES_OF_A_NUMBER = 8


def estimated_bytes(resolved: ResolvedTable, output_schema: OutputSchema, sample_size: int | None) -> int | None:
    """Return the expected size of a job's tables in bytes: the size of its first rows, scaled to all rows.

    None if the number of rows is unknown, or if the first rows cannot be read or measured. In the second case the job
    itself reports the reason.
    """
    filters = output_schema.filters
    measured = replace(output_schema, filters=tuple(each for each in filters if not each.asks_model))
    try:
        first, rows = resolved.files.first_rows(ROWS_TRIED)
        if not len(first) or rows is None:
            return None if rows is None else 0
        batch = _as_stage_batch(first, resolved.columns)
        bytes_of_first = sum(len(_as_parquet(resolved, measured, batch, model)) for model in resolved.models)
    except (OSError, ValueError, pa.ArrowException, UserError):
        return None
    joined = (*resolved.features, *(each for features in resolved.features_by_model.values() for each in features))
    numbers = sum(len(each.written) for each in joined) + sum(len(each.columns) for each in filters if each.asks_model)
    bytes_a_row = bytes_of_first / len(first) + BYTES_OF_A_NUMBER * numbers
    return round(bytes_a_row * min(rows, sample_size or rows))


def _as_stage_batch(table: pa.Table, columns: InputColumns) -> pa.RecordBatch:
    """Return the rows with the column names that the stage expects."""
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
    resolved: ResolvedTable, output_schema: OutputSchema, batch: pa.RecordBatch, model: str | None
) -> memoryview:
    names = batch.schema.names
    tokens, text = (batch[name] if name in names else None for name in ("tokens", "text"))
    measured = measure_batch(tokens, text, output_schema.filters, resolved.resources)
    content = io.BytesIO()
    pq.write_table(output_schema.metrics(batch, measured, model), content, compression="zstd")
    return content.getbuffer()
