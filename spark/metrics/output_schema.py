"""The columns of the tables that a run writes: the metrics of each model, and the rejected rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from filters.contract import Column, Filter
from filters.feature_tables import feature_table
from filters.measuring import MeasuredBatch
from filters.validity import is_measured
from spark.metrics.common_types import cast_column
from spark.metrics.memorized_counts import memorized_counts
from spark.metrics.shared_columns import SharedColumns
from spark.sources.input_columns import InputColumns
from spark.sources.internal_columns import LINE, of_model, other_column

REASON_KIND, REASON, LINE_COLUMN = "reason_kind", "reason", "line"
TOKENS = pa.list_(pa.int32())

# The summary counts these columns if they were measured.
SCORES = ("memorization_score", "is_extractable")  # each identifies the memorized rows
COUNTED = {"incrementing": "is_incrementing", "repeating": "is_repeating", "code": "is_code"}


@dataclass(frozen=True)
class OutputSchema:
    """The columns of the tables of one job.

    filters: all requested filters, computed and joined. input_columns: the columns of the source.
    shared: the columns that the tables of all sources of the run have; null where this source has none.
    all_memorized: whether the source is a dataset of memories; their score is 1 by definition.
    """

    filters: tuple[Filter, ...]
    input_columns: InputColumns
    shared: SharedColumns
    all_memorized: bool

    def metrics(self, batch: pa.RecordBatch, measured: MeasuredBatch, model: str | None) -> pa.Table:
        """Return the measured rows of a batch as the table of one model.

        The columns are, in order: id, tokens, text, metrics, and the columns of the users' own.
        batch: all input rows of the stage, with the joined columns.
        """
        keep = is_measured(measured.reasons)
        kept = batch if keep.all() else batch.filter(pa.array(keep))
        columns = {
            "sequence_id": kept["sequence_id"],
            "tokens": pa.nulls(len(kept), TOKENS) if measured.tokens is None else measured.tokens,
            "text": pa.nulls(len(kept), pa.string()) if measured.text is None else measured.text,
        }
        for each in self.filters:
            for column in each.columns:
                columns.setdefault(column.name, self._metric(column, kept, measured, model))
        own = {name: values for name, values in self._own_columns(kept).items() if name not in columns}
        return pa.table(columns | own)

    def _metric(self, column: Column, kept: pa.RecordBatch, measured: MeasuredBatch, model: str | None) -> pa.Array:
        if column.name in measured.columns:
            return measured.columns[column.name]
        for given in filter(None, (column.name, column.twin)):
            names = [of_model(model, given), given]
            if given in self.input_columns.others:
                names.append(other_column(self.input_columns.others.index(given)))
            for name in names:
                if name in kept.schema.names:
                    return kept[name].cast(column.type)
        if column.name == "memorization_score" and self.all_memorized:
            return pa.array(np.ones(len(kept)))
        return pa.nulls(len(kept), column.type)

    def rejected(self, batch: pa.RecordBatch, measured: MeasuredBatch) -> pa.Table:
        """Return the rejected rows of a batch unchanged, with the reason and its kind; text is returned as bytes."""
        is_rejected = ~is_measured(measured.reasons)
        kept = batch.filter(pa.array(is_rejected))
        scores = {name: of_model(model, "memorization_score") for model, name in self.input_columns.scores}
        columns = {
            "sequence_id": kept["sequence_id"],
            "tokens": _column(kept, "tokens", self.shared.rejected_tokens),
            # Invalid UTF-8 must not be written as text: readers would fail on it.
            "text": _column(kept, "text", pa.binary()),
            **{name: _column(kept, scores.get(name, ""), pa.float64()) for name in self.shared.scores},
            **self._own_columns(kept),
        }
        columns[LINE_COLUMN if LINE_COLUMN not in columns else f"rejected_{LINE_COLUMN}"] = _column(
            kept, LINE, pa.binary()
        )
        reasons = measured.reasons[is_rejected]
        kinds = [reason.kind.value for reason in reasons]
        return pa.table(columns | {REASON_KIND: pa.array(kinds, pa.string()), REASON: pa.array(reasons, pa.string())})

    def _own_columns(self, kept: pa.RecordBatch) -> dict[str, pa.Array]:
        """Return the columns of the users' own, in the types that all tables of the run have."""
        places = {name: other_column(position) for position, name in enumerate(self.input_columns.others)}
        return {
            field.name: _column(kept, places.get(field.name, ""), field.type, field.name) for field in self.shared.own
        }

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


def with_numbered_columns(filters: Iterable[Filter], metrics: Iterable[str]) -> tuple[Filter, ...]:
    """Return the filters with the numbered columns of their feature tables that are among these metrics."""
    names = tuple(metrics)
    return tuple(
        replace(each, columns=(*each.columns, *feature_table(each.feature_table).numbered_columns(names)))
        if each.feature_table is not None
        else each
        for each in filters
    )


def _column(batch: pa.RecordBatch, place: str, type_: pa.DataType, name: str = "") -> pa.Array:
    """Return a column of a batch in a type, null where the batch has none; name: for messages, if not `place`."""
    if place not in batch.schema.names:
        return pa.nulls(len(batch), type_)
    return cast_column(batch[place], type_, name or place)


def schema_of(filters: Iterable[Filter]) -> list[dict[str, str]]:
    """Return the columns that the filters write, as `run.json` lists them."""
    return [
        {"name": column.name, "type": str(column.type), "filter": each.name, "meaning": column.meaning}
        for each in filters
        for column in each.columns
    ]
