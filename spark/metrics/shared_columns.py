"""The columns of the sources of a run: all tables of the run have all of them, so that readers open them together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pyarrow as pa

from spark.metrics.common_types import common_type, common_type_of
from spark.metrics.resolve import ResolvedTable
from spark.sources.arrow_types import spark_type
from utils import UserError, printable


@dataclass(frozen=True)
class SharedColumns:
    """Columns that the tables of a run have besides the ids, the texts and the metrics; null where a source has none.

    own: the users' own columns, also those that the metrics hold under the same name.
    scores: the columns of scores in the layout of the Pile samples; only in `rejected/`.
    rejected_tokens: type of the tokens in `rejected/`, which may hold ids that no vocabulary has.
    """

    own: pa.Schema
    scores: tuple[str, ...]
    rejected_tokens: pa.DataType


def shared_columns(tables: Sequence[ResolvedTable]) -> SharedColumns:
    """Return the columns that the tables of a run share; raise UserError for types that nothing holds without loss."""
    names = dict.fromkeys(name for table in tables for name in table.columns.others)
    own = pa.schema([(name, _type_of(name, tables)) for name in names])
    scores = dict.fromkeys(name for table in tables for _, name in table.columns.scores)
    tokens = [_source_type(table, table.columns.tokens) for table in tables if table.columns.tokens]
    return SharedColumns(own, tuple(scores), common_type_of([pa.list_(pa.int64()), *tokens]) or pa.list_(pa.int64()))


def _type_of(name: str, tables: Iterable[ResolvedTable]) -> pa.DataType:
    having = [table for table in tables if name in table.columns.others]
    found = _source_type(having[0], name)
    for table in having[1:]:
        wider = common_type(found, _source_type(table, name))
        if wider is None:
            first, other = having[0], table
            raise UserError(
                f"Column `{printable(name)}` is {_source_type(first, name)} in {first.sequences.location}, "
                f"{_source_type(other, name)} in {other.sequences.location}; all tables of a run have the same "
                "columns.\nConvert or rename it in one of them, or measure them in two runs."
            )
        found = wider
    return pa.string() if pa.types.is_null(found) else found


def _source_type(table: ResolvedTable, name: str) -> pa.DataType:
    type_ = table.files.schema.field(name).type
    if pa.types.is_null(type_):
        return type_
    found = spark_type(type_)
    # Spark keeps instants in the time zone of its session.
    return pa.timestamp("us", "UTC") if pa.types.is_timestamp(found) and found.tz else found
