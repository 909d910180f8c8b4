"""Read and check the columns `tokens` and `text` of a table of any kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from filters.arrow_input import plain_values
from filters.errors import UserError, printable
from filters.input_types import is_integer_list, is_string, unwrapped_type
from filters.table_kinds import TableKind

BYTES_A_TOKEN = 4  # of text, roughly: to bound batches that have no tokens yet


class TableInput(NamedTuple):
    """The columns that are measured; None if the table has no such column.

    tokens: lists of integers, of any kind. text: `large_binary`. text_type: the type of the table's own column.
    """

    tokens: pa.ChunkedArray | None
    text: pa.ChunkedArray | None
    text_type: pa.DataType | None

    @property
    def rows(self) -> int:
        """Number of rows."""
        column = self.text if self.tokens is None else self.tokens
        return 0 if column is None else len(column)

    def sizes(self) -> NDArray[np.int64]:
        """Return about how many tokens each row has; int64, shape (rows,)."""
        sizes = np.zeros(self.rows, np.int64)
        if self.tokens is not None:
            sizes = np.maximum(sizes, _filled(pc.list_value_length(self.tokens)))
        if self.text is not None:
            sizes = np.maximum(sizes, _filled(pc.binary_length(self.text)) // BYTES_A_TOKEN)
        return sizes

    def text_filled_by(self, decoded: pa.ChunkedArray) -> pa.ChunkedArray:
        """Return the text, and where it is null the decoded text, in the type of the table's own column."""
        filled = pc.coalesce(self.text, decoded.cast(pa.large_binary()))
        type_ = unwrapped_type(self.text_type)
        return filled.cast(pa.string() if pa.types.is_null(type_) else type_, safe=False)


def read_input(given: Any, kind: TableKind) -> TableInput:
    """Return the columns of a table; raise UserError if both are missing, or one has another type."""
    names = [str(name) for name in kind.names(given)]
    if not {"tokens", "text"} & set(names):
        found = ", ".join(printable(name) for name in names) or "none"
        raise UserError(f"expected a column `tokens` or `text`, found {found}.\nRename the column of your data.")
    tokens = _column(given, kind, names, "tokens", is_integer_list, "lists of whole numbers")
    text = _column(given, kind, names, "text", is_string, "text")
    if tokens is not None and text is not None and len(tokens) != len(text):
        raise UserError(f"expected columns of one length, found {len(tokens)} rows of tokens and {len(text)} of text.")
    if tokens is not None:
        tokens = _mapped(tokens, lambda chunk: chunk if not pa.types.is_null(chunk.type) else _null_lists(len(chunk)))
    if text is None:
        return TableInput(tokens, None, None)
    return TableInput(tokens, _mapped(text, lambda chunk: chunk.cast(pa.large_binary())), text.type)


def _column(
    given: Any, kind: TableKind, names: list[str], name: str, fits: Callable[[pa.DataType], bool], expected: str
) -> pa.ChunkedArray | None:
    if name not in names:
        return None
    if names.count(name) > 1:
        raise UserError(f"expected one column `{name}`, found {names.count(name)}.\nRename the others.")
    try:
        column = kind.column(given, name)
    except (TypeError, ValueError, OverflowError, pa.ArrowException) as error:
        reason = printable(" ".join(str(error).split()))[:200]
        raise UserError(f"expected {expected} in column `{name}`, found other values: {reason}.") from None
    if not fits(column.type) and not pa.types.is_null(column.type):
        raise UserError(f"expected {expected} in column `{name}`, found {column.type}.\nConvert it, or rename it.")
    return column


def _mapped(column: pa.ChunkedArray, convert: Callable[[pa.Array], pa.Array]) -> pa.ChunkedArray:
    chunks = [convert(plain_values(chunk)) for chunk in column.chunks]
    empty = convert(plain_values(pa.array([], column.type)))
    return pa.chunked_array(chunks, empty.type)


def _null_lists(rows: int) -> pa.ListArray:
    return pa.nulls(rows, pa.list_(pa.int32()))


def _filled(lengths: pa.ChunkedArray) -> NDArray[np.int64]:
    return np.asarray(pc.fill_null(lengths, 0)).astype(np.int64)
