"""Count the memorized rows of a table by their other properties, for the findings of a run."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from spark.reporting.occurrences import GROUPS

DUPLICATES = "sequence_duplicates"
PATTERNS = ("is_incrementing", "is_repeating")


def memorized_counts(table: pa.Table, is_memorized: pa.ChunkedArray, written: Collection[str]) -> dict[str, int]:
    """Return the number of scored and memorized rows, in all, with a pattern, and by occurrences in the corpus.

    is_memorized: bool, null for rows without a score. written: the metrics of the table; those of others are missing.
    A row of which a property is unknown is in no group of that property; a group without scored rows is left out.
    A pattern is a repeated unit or numbers that count up.
    """
    scored, memorized = ~is_memorized.is_null().to_numpy(), is_memorized.fill_null(False).to_numpy()
    counts = {"scored": int(scored.sum()), "memorized": int(memorized.sum())}

    def count(key: str, rows: NDArray[np.bool_]) -> None:
        if (scored & rows).any():
            counts[f"scored_{key}"] = int((scored & rows).sum())
            counts[f"memorized_{key}"] = int((memorized & rows).sum())

    if all(name in written and table[name].null_count < len(table) for name in PATTERNS):
        known, patterned = np.ones(len(table), bool), np.zeros(len(table), bool)
        for name in PATTERNS:
            known &= ~table[name].is_null().to_numpy()
            patterned |= table[name].fill_null(False).to_numpy()
        count("with_pattern", patterned)
        count("without_pattern", known & ~patterned)
    if DUPLICATES in written and table[DUPLICATES].null_count < len(table):
        group_of = np.digitize(table[DUPLICATES].fill_null(-1).to_numpy(), [group.smallest for group in GROUPS])
        for number, group in enumerate(GROUPS, 1):
            count(group.key, group_of == number)
    return counts
