"""Read the feature table of token frequencies into one array, which the driver sends to the workers."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from filters.feature_tables import TOKEN_FREQUENCIES
from filters.vocabulary import LARGEST_VOCABULARY
from spark.metrics.feature_tables import FeatureFiles
from spark.sources.catalog import TableLocation
from utils import UserError


def read_token_frequencies(tables: Iterable[FeatureFiles]) -> NDArray[np.int64]:
    """Return the corpus count of each token id: int64, indexed by token id, -1 for an id that no table lists.

    The counts of several tables are added. Raises UserError for a repeated token id, or ids or counts out of range.
    """
    total = np.full(0, -1, np.int64)
    for each in tables:
        ((_, frequency),) = each.values
        table = each.files.read_columns([each.key, frequency])
        _require_counts(table, each.location)
        ids, counts = (np.asarray(column.cast("int64", safe=False)) for column in table.columns)
        _require_token_ids(ids, each.location)
        total = np.pad(total, (0, max(0, int(ids.max(initial=-1)) + 1 - len(total))), constant_values=-1)
        total[ids] = np.maximum(total[ids], 0) + counts
    return total


def _require_counts(table: pa.Table, location: TableLocation) -> None:
    if table.column(0).null_count or table.column(1).null_count:
        raise UserError(f"--token_frequencies {location}: expected no nulls, found some.")
    (column,) = TOKEN_FREQUENCIES.columns
    smallest, largest = (each(table.column(1)).as_py() or 0 for each in (pc.min, pc.max))
    if smallest < column.smallest or largest > column.largest:
        expected = f"from {column.smallest:.0f} to {column.largest:.0f}"
        raise UserError(f"--token_frequencies {location}: expected counts {expected}, found {smallest} to {largest}.")


def _require_token_ids(ids: NDArray[np.int64], location: TableLocation) -> None:
    unique, occurrences = np.unique(ids, return_counts=True)
    if (occurrences > 1).any():
        repeated = np.argmax(occurrences > 1)
        twice, count = unique[repeated], occurrences[repeated]
        raise UserError(
            f"--token_frequencies {location}: expected unique keys, but token id {twice} occurs {count} times."
        )
    if len(ids) and not 0 <= unique[0] <= unique[-1] < LARGEST_VOCABULARY:
        raise UserError(
            f"--token_frequencies {location}: expected token ids from 0 to {LARGEST_VOCABULARY - 1}, "
            f"found {unique[0]} to {unique[-1]}."
        )
