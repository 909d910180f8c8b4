"""`apply_filters`: measure a table without Spark."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from filters.contract import Filter
from filters.errors import UserError, printable
from filters.language_model.model import LanguageModel, read_language_model
from filters.measuring import Resources, measure_batch
from filters.reasons import Reasons
from filters.registry import choose_filters, filter_names
from filters.table_input import TableInput, read_input
from filters.table_kinds import open_table
from filters.validity import is_measured
from filters.vocabulary import read_vocabulary

BATCH_ROWS = 10_000  # 5,000 to 50,000 rows are equally fast; batches of long rows are smaller, to bound the memory
BATCH_TOKENS = 4_000_000


def apply_filters(
    table: Any,
    tokenizer: Any = None,
    filters: str | Iterable[str] = "all",
    token_frequencies: NDArray[np.int64] | None = None,
    language_model: LanguageModel | str | Path | None = None,
    *,
    batch_rows: int = BATCH_ROWS,
    batch_tokens: int = BATCH_TOKENS,
) -> Any:
    """Return the table with the columns of the filters added: one value per row, null where it is unknown.

    table: an Arrow table, a dict of columns, a DataFrame of pandas or Polars, or a `datasets.Dataset`; the result is of
        the same kind, and the given table stays as it is. A list of texts, or another object with Arrow's interface,
        gives an Arrow table. It has a column `tokens` (lists of integers), `text` (strings), or both. Rows that cannot
        be measured (null, empty, ids outside the vocabulary) are kept, with null metrics.
    tokenizer: a `tokenizers.Tokenizer`, a fast tokenizer of `transformers`, or the path of a tokenizer.json or its
        directory. It decodes tokens that have no text and encodes text that has no tokens; see `filters.tokenizer`.
        Without it, columns that need the missing input are null.
    filters: names of filters or groups, one or several; see `ALL_FILTERS`. A group's filters that join a feature table
        add no column here.
    token_frequencies: int64, indexed by token id; -1 for unknown.
    language_model: a `LanguageModel` or the directory of one, for the filters of the group `model`.
    batch_rows, batch_tokens: about how many to measure at once; they bound the memory and change no result.

    Raises UserError for an unknown filter name, a filter that only joins a table, a table that lacks both columns or
    has them in other types, a tokenizer or a language model that cannot be loaded.
    """
    chosen = _choose(filters)
    given, kind = open_table(table)
    read = read_input(given, kind)
    if any(each.asks_model for each in chosen):
        _require_model(read, tokenizer is not None, language_model is not None)
    if language_model is not None and not isinstance(language_model, LanguageModel):
        language_model = read_language_model(Path(language_model))
    vocabulary = read_vocabulary(tokenizer) if tokenizer is not None else None
    resources = Resources(vocabulary, token_frequencies, language_model)
    columns = [column for each in chosen for column in each.columns]
    pieces: dict[str, list[pa.Array]] = {column.name: [] for column in columns}
    for start, length in cut_rows(read.sizes(), batch_rows, batch_tokens):
        batch = measure_batch(_slice(read.tokens, start, length), _slice(read.text, start, length), chosen, resources)
        for column in columns:
            pieces[column.name].append(_spread(batch.columns[column.name], batch.reasons))
    added = {column.name: pa.chunked_array(pieces[column.name], column.type) for column in columns}
    if read.text is not None and "text" in added:
        # Text given in the table stays, even if the row cannot be measured.
        decoded = added.pop("text")
        if read.text.null_count:
            added["text"] = read.text_filled_by(decoded)
    return kind.with_columns(given, added)


def _choose(names: str | Iterable[str]) -> tuple[Filter, ...]:
    """Return the filters that measure; raise UserError for one that is asked for by name and cannot."""
    names = filter_names(names)
    chosen = choose_filters(names)
    for each in chosen:
        if each.measure is None and each.name in names:
            raise UserError(
                f"expected filters that measure, found {printable(each.name)}, which joins a table.\n"
                "Use calculate_metrics.py, or join the table yourself."
            )
    return tuple(each for each in chosen if each.measure is not None)


def _require_model(read: TableInput, has_tokenizer: bool, has_model: bool) -> None:
    if not has_model:
        raise UserError("expected a language_model for the filters that ask one, found none; give its directory.")
    if read.tokens is None and not has_tokenizer:
        raise UserError("expected a tokenizer to encode the text for the language model, found none; give one.")


def cut_rows(sizes: NDArray[np.int64], most_rows: int, most_tokens: int) -> Iterator[tuple[int, int]]:
    """Yield start and length of batches of consecutive rows, each within both bounds or of one row.

    sizes: number of tokens of each row.
    """
    ends, start = np.cumsum(sizes), 0
    while start < len(sizes):
        before = ends[start - 1] if start else 0
        stop = int(np.searchsorted(ends, before + most_tokens, side="right"))
        stop = max(start + 1, min(stop, start + most_rows))
        yield start, stop - start
        start = stop


def _slice(column: pa.ChunkedArray | None, start: int, length: int) -> pa.Array | None:
    return None if column is None else column.slice(start, length).combine_chunks()


def _spread(values: pa.Array, reasons: Reasons) -> pa.Array:
    """Return values of the measured rows as a column of all rows, null for rows that were not measured."""
    measured = is_measured(reasons)
    return values.take(pa.array(np.cumsum(measured) - 1, mask=~measured))
