"""`apply_filters`: measure an Arrow table without Spark."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from tokenizers import Tokenizer

from filters.errors import UserError
from filters.input_types import is_integer_list, is_string
from filters.language_model.model import LanguageModel, read_language_model
from filters.measuring import Resources, measure_batch
from filters.registry import choose_filters
from filters.validity import Reasons, is_measured
from filters.vocabulary import read_vocabulary

BATCH_ROWS = 10_000  # 5,000 to 50,000 rows are equally fast; batches of long rows are smaller, to bound the memory
BATCH_TOKENS = 4_000_000


def apply_filters(
    table: pa.Table,
    tokenizer: Tokenizer | str | Path | None = None,
    filters: Iterable[str] = ("all",),
    token_frequencies: NDArray[np.int64] | None = None,
    language_model: LanguageModel | str | Path | None = None,
    *,
    batch_rows: int = BATCH_ROWS,
    batch_tokens: int = BATCH_TOKENS,
) -> pa.Table:
    """Return the table with the columns of the filters added: one value per row, null where it is unknown.

    table: has a column `tokens` (lists of integers), `text` (strings), or both. Rows that cannot be measured (null,
        empty, ids outside the vocabulary) are kept, with null metrics.
    tokenizer: a `tokenizers.Tokenizer` or the path of a tokenizer.json. It decodes tokens that have no text and encodes
        text that has no tokens. Without it, columns that need the missing input are null.
    filters: names of filters or groups; see `ALL_FILTERS`. Filters that join a feature table add no column here.
    token_frequencies: int64, indexed by token id; -1 for unknown.
    language_model: a `LanguageModel` or the directory of one, for the filters of the group `model`.
    batch_rows, batch_tokens: about how many to measure at once; they bound the memory and change no result.

    Raises UserError for an unknown filter name, for a table that lacks both columns or has them in other types, and for
    a language model that cannot be loaded.
    """
    chosen = [each for each in choose_filters(filters) if each.measure is not None]
    _require_input(table.schema)
    if any(each.asks_model for each in chosen):
        _require_model(table.schema, tokenizer is not None, language_model is not None)
    if language_model is not None and not isinstance(language_model, LanguageModel):
        language_model = read_language_model(Path(language_model))
    vocabulary = read_vocabulary(tokenizer) if tokenizer is not None else None
    resources = Resources(vocabulary, token_frequencies, language_model)
    tokens, text = _input_column(table, "tokens"), _input_column(table, "text")
    columns = [column for each in chosen for column in each.columns]
    pieces: dict[str, list[pa.Array]] = {column.name: [] for column in columns}
    for start, length in _batches(len(table), tokens, batch_rows, batch_tokens):
        batch = measure_batch(_slice(tokens, start, length), _slice(text, start, length), chosen, resources)
        for column in columns:
            pieces[column.name].append(_spread(batch.columns[column.name], batch.reasons))
    for column in columns:
        table = _with_column(table, column.name, pa.chunked_array(pieces[column.name], column.type))
    return table


def _with_column(table: pa.Table, name: str, values: pa.ChunkedArray) -> pa.Table:
    position = table.schema.get_field_index(name)
    if position < 0:
        return table.append_column(name, values)
    # Text given in the table stays, even if the row cannot be measured.
    return table.set_column(position, name, pc.coalesce(table[name], values) if name == "text" else values)


def _require_input(schema: pa.Schema) -> None:
    if not {"tokens", "text"} & set(schema.names):
        raise UserError(f"expected a column `tokens` or `text`, found {', '.join(schema.names) or 'none'}.")
    for name, fits, expected in (("tokens", is_integer_list, "lists of whole numbers"), ("text", is_string, "text")):
        if name in schema.names and not fits(schema.field(name).type):
            raise UserError(f"expected {expected} in column `{name}`, found {schema.field(name).type}.")


def _require_model(schema: pa.Schema, has_tokenizer: bool, has_model: bool) -> None:
    if not has_model:
        raise UserError("expected a language_model for the filters that ask one, found none; give its directory.")
    if "tokens" not in schema.names and not has_tokenizer:
        raise UserError("expected a tokenizer to encode the text for the language model, found none; give one.")


def _input_column(table: pa.Table, name: str) -> pa.Array | None:
    if name not in table.column_names:
        return None
    column = table[name].combine_chunks()
    if name == "tokens":
        return column.cast(pa.list_(pa.int64()))
    # Unchecked: a row of invalid UTF-8 is rejected later, on its own.
    return column.cast(pa.binary()).cast(pa.string(), safe=False)


def _batches(rows: int, tokens: pa.ListArray | None, batch_rows: int, batch_tokens: int) -> Iterator[tuple[int, int]]:
    """Yield start and length of each batch."""
    total = len(tokens.values) if tokens is not None else 0
    length = max(1, min(batch_rows, batch_tokens * rows // max(total, 1)))
    for start in range(0, rows, length):
        yield start, min(length, rows - start)


def _slice(column: pa.Array | None, start: int, length: int) -> pa.Array | None:
    return None if column is None else column.slice(start, length)


def _spread(values: pa.Array, reasons: Reasons) -> pa.Array:
    """Return values of the measured rows as a column of all rows, null for rows that were not measured."""
    measured = is_measured(reasons)
    return values.take(pa.array(np.cumsum(measured) - 1, mask=~measured))
