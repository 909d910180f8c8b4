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

BATCH_ROWS = 10_000  # 5,000 to 50,000 are equally fast; fewer where rows are long, to bound the memory
BATCH_TOKENS = 4_000_000


def apply_filters(
    table: pa.Table,
    tokenizer: Tokenizer | str | Path | None = None,
    filters: Iterable[str] = ("all",),
    token_frequencies: NDArray[np.int64] | None = None,
    language_model: LanguageModel | str | Path | None = None,
) -> pa.Table:
    """The table with the columns of the filters added: one value a row, null where it cannot be known.

    table: `tokens` (lists of integers), `text` (strings), or both. Rows that cannot be measured (null, empty,
        ids outside the vocabulary) stay, with null metrics.
    tokenizer: decodes tokens that come without text, and encodes text that comes without tokens; a
        `tokenizers.Tokenizer` or the path of a tokenizer.json. Without it what cannot be known is null.
    filters: names; see `ALL_FILTERS`. Those that are joined from feature tables add nothing here.
    token_frequencies: int64 by token id, -1 for unknown.
    language_model: what the filters of the group `model` ask; a `LanguageModel`, or the directory of one.

    Raises UserError for a name that is not known, a table without tokens and text or of other types, or a language
    model that cannot be loaded.
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
    for start, length in _batches(len(table), tokens):
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
    # The text that came with the table stays, also where the row could not be measured.
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
    # Not checked here: a row whose bytes are no UTF-8 is refused by itself.
    return column.cast(pa.binary()).cast(pa.string(), safe=False)


def _batches(rows: int, tokens: pa.ListArray | None) -> Iterator[tuple[int, int]]:
    total = len(tokens.values) if tokens is not None else 0
    length = max(1, min(BATCH_ROWS, BATCH_TOKENS * rows // max(total, 1)))
    for start in range(0, rows, length):
        yield start, min(length, rows - start)


def _slice(column: pa.Array | None, start: int, length: int) -> pa.Array | None:
    return None if column is None else column.slice(start, length)


def _spread(values: pa.Array, reasons: Reasons) -> pa.Array:
    """Values of the measured rows, laid out over all rows with null where a row was not measured."""
    measured = is_measured(reasons)
    return values.take(pa.array(np.cumsum(measured) - 1, mask=~measured))
