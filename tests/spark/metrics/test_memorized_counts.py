"""Counts of memorized rows, against a loop over the rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from spark.metrics.memorized_counts import memorized_counts
from spark.reporting.occurrences import GROUPS

COLUMNS = ("is_incrementing", "is_repeating", "sequence_duplicates")


def counted_plainly(rows: list[dict[str, Any]]) -> dict[str, int]:
    counts = {"scored": 0, "memorized": 0}
    for row in rows:
        if row["score"] is None:
            continue
        keys = [""]
        flags = [row["is_incrementing"], row["is_repeating"]]
        if True in flags:
            keys.append("_with_pattern")
        elif None not in flags:
            keys.append("_without_pattern")
        reached = [group.key for group in GROUPS if (row["sequence_duplicates"] or 0) >= group.smallest]
        if row["sequence_duplicates"] is not None:
            keys.append(f"_{reached[-1]}")
        for key in keys:
            counts[f"scored{key}"] = counts.get(f"scored{key}", 0) + 1
            counts[f"memorized{key}"] = counts.get(f"memorized{key}", 0) + (row["score"] == 1)
    return counts


def random_table(seed: int, rows: int = 400) -> pa.Table:
    generator = np.random.default_rng(seed)

    def some_null(values: np.ndarray) -> pa.Array:
        return pa.array(values, mask=generator.random(rows) < 0.1)

    return pa.table(
        {
            "score": some_null(generator.choice([0.5, 1.0], rows)),
            "is_incrementing": some_null(generator.random(rows) < 0.2),
            "is_repeating": some_null(generator.random(rows) < 0.2),
            "sequence_duplicates": some_null(generator.choice([0, 1, 2, 9, 10, 99, 100, 10**6], rows)),
        }
    )


def test_counts_equal_a_loop_over_the_rows() -> None:
    for seed in range(20):
        table = random_table(seed)
        counted = memorized_counts(table, pc.equal(table["score"], 1.0), COLUMNS)
        assert counted == counted_plainly(table.to_pylist())


def test_columns_that_the_run_does_not_write_are_not_read() -> None:
    table = random_table(0).select(["score"])
    assert set(memorized_counts(table, pc.equal(table["score"], 1.0), ())) == {"scored", "memorized"}


def test_a_column_of_nulls_and_an_empty_table_have_no_groups() -> None:
    columns = {
        name: pa.nulls(3, type_) for name, type_ in zip(COLUMNS, (pa.bool_(), pa.bool_(), pa.int64()), strict=True)
    }
    table = pa.table({"score": [1.0, 1.0, None], **columns})
    assert memorized_counts(table, pc.equal(table["score"], 1.0), COLUMNS) == {"scored": 2, "memorized": 2}
    empty = table.slice(0, 0)
    assert memorized_counts(empty, pc.equal(empty["score"], 1.0), COLUMNS) == {"scored": 0, "memorized": 0}
