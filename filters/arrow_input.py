"""Bring Arrow columns of tokens and text, of whatever type, into the one type that the filters read."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from filters.input_types import unwrapped_type
from filters.ragged import arrow_offsets


def plain_values(column: pa.Array) -> pa.Array:
    """Return the values in their `unwrapped_type`."""
    while column.type != unwrapped_type(column.type):
        if isinstance(column.type, pa.BaseExtensionType):
            column = column.storage
        elif pa.types.is_dictionary(column.type):
            column = column.dictionary_decode()
        else:
            column = pc.run_end_decode(column)
    return column


def plain_lists(column: pa.Array) -> pa.ListArray:
    """Return lists of any kind as a ListArray without offset that holds only the values of its valid rows.

    Arrow's `values` of a slice are those of the whole column, and may hold anything under null rows. A cast or a null
    count of a slice would meet them.
    """
    column = plain_values(column)
    if pa.types.is_null(column.type):
        return pa.nulls(len(column), pa.list_(pa.int32()))
    lengths = np.asarray(pc.fill_null(pc.list_value_length(column), 0)).astype(np.int64)
    offsets = np.concatenate(([0], np.cumsum(lengths)))
    mask = column.is_null() if column.null_count else None
    return pa.ListArray.from_arrays(arrow_offsets(offsets), column.flatten(), mask=mask)


def plain_text(column: pa.Array) -> pa.StringArray:
    """Return text or bytes of any kind as a StringArray, unchecked: it may hold invalid UTF-8."""
    column = plain_values(column)
    if pa.types.is_large_string(column.type) or pa.types.is_large_binary(column.type):
        # A slice behind the first 2 GiB cannot be cast; its copy, which holds only its own bytes, can.
        column = pa.concat_arrays([column.slice(0, 0), column])
    return column.cast(pa.binary()).cast(pa.string(), safe=False)
