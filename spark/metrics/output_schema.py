"""The columns of the tables that a run writes: the metrics of each model, and the rejected rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from filters.contract import Column, Filter
from filters.measuring import MeasuredBatch
from filters.validity import is_measured
from spark.metrics.memorized_counts import memorized_counts
from spark.sources.input_columns import InputColumns
from spark.sources.internal_columns import LINE, of_model, other_column

REASON = "reason"

# The summary counts these columns if they were measured.
SCORES = ("memorization_score", "is_extractable")  # each identifies the memorized rows
COUNTED = {"incrementing": "is_incrementing", "repeating": "is_repeating", "code": "is_code"}


@dataclass(frozen=True)
class OutputSchema:
    """The columns of the tables of one job.

    filters: all requested filters, computed and joined. input_columns: the columns of the source.
    all_memorized: whether the source is a dataset of memories; their score is 1 by definition.
    """

    filters: tuple[Filter, ...]
    input_columns: InputColumns
    all_memorized: bool

    def metrics(self, batch: pa.RecordBatch, measured: MeasuredBatch, model: str | None) -> pa.Table:
        """Return the measured rows of a batch as the table of one model.

        The columns are, in order: id, tokens, text, metrics, and the other columns of the source.
        batch: all input rows of the stage, with the joined columns.
        """
        keep = is_measured(measured.reasons)
        kept = batch if keep.all() else batch.filter(pa.array(keep))
        columns = {"sequence_id": kept["sequence_id"]}
        if measured.tokens is not None:
            columns["tokens"] = measured.tokens
        if self.input_columns.text is not None:
            columns["text"] = kept["text"]
        for each in self.filters:
            for column in each.columns:
                columns[column.name] = self._metric(column, kept, measured, model)
        for position, name in enumerate(self.input_columns.others):
            columns.setdefault(name, kept[other_column(position)])
        return pa.table(columns)

    def _metric(self, column: Column, kept: pa.RecordBatch, measured: MeasuredBatch, model: str | None) -> pa.Array:
        if column.name in measured.columns:
            return measured.columns[column.name]
        names = [of_model(model, column.name), column.name]
        if column.name in self.input_columns.others:
            names.append(other_column(self.input_columns.others.index(column.name)))
        for name in names:
            if name in kept.schema.names:
                return kept[name].cast(column.type)
        if column.name == "memorization_score" and self.all_memorized:
            return pa.array(np.ones(len(kept)))
        return pa.nulls(len(kept), column.type)

    def rejected(self, batch: pa.RecordBatch, measured: MeasuredBatch) -> pa.Table:
        """Return the rejected rows of a batch unchanged, with the reason; text is returned as bytes."""
        is_rejected = ~is_measured(measured.reasons)
        kept = batch.filter(pa.array(is_rejected))
        source = self.input_columns
        columns = {"sequence_id": kept["sequence_id"]}
        if source.tokens is not None:
            columns["tokens"] = kept["tokens"]
        if source.text is not None:
            # Invalid UTF-8 must not be written as text: readers would fail on it.
            columns["text"] = kept["text"].cast(pa.binary())
        columns |= {name: kept[of_model(model, "memorization_score")] for model, name in source.scores}
        columns |= {name: kept[other_column(position)] for position, name in enumerate(source.others)}
        if LINE in kept.schema.names:
            columns["line"] = kept[LINE]
        return pa.table(columns | {REASON: pa.array(measured.reasons[is_rejected], pa.string())})

    def count(self, table: pa.Table) -> dict[str, int]:
        """Return the number of rows of a metrics table, and of each kind of row that is known."""
        counts = {"rows": len(table)}
        written = {column.name for each in self.filters for column in each.columns}
        for kind, name in COUNTED.items():
            if name in written and table[name].null_count < len(table):
                counts[kind] = pc.sum(table[name]).as_py() or 0
        score = next((name for name in SCORES if name in written), None)
        if score is not None and table[score].null_count < len(table):
            is_memorized = pc.equal(table[score], pa.scalar(1).cast(table[score].type))
            counts |= memorized_counts(table, is_memorized, written)
        return counts


def schema_of(filters: Iterable[Filter]) -> list[dict[str, str]]:
    """Return the columns that the filters write, as `run.json` lists them."""
    return [
        {"name": column.name, "type": str(column.type), "filter": each.name, "meaning": column.meaning}
        for each in filters
        for column in each.columns
    ]
