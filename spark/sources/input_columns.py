"""Recognize the columns of a source: ids, tokens, text, memorization scores, and the user's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa

from filters.input_types import is_integer, is_integer_list, is_number, is_readable, is_string, unwrapped_type
from spark.sources.column_names import (
    NOT_GIVEN,
    SCORE_NAMES,
    SEQUENCE_ID,
    SEQUENCE_ID_NAMES,
    TEXT_NAMES,
    TOKENS_NAMES,
    GivenColumns,
)
from utils import UserError, printable


@dataclass(frozen=True)
class InputColumns:
    """The names of the columns of a source, by role; None if it has no such column.

    scores: pairs of a model and the column of its memorization scores, in the layout of the Pile samples.
    others: the user's own columns, which pass through; timestamps in microseconds.
    left_out: the user's own columns of types that Spark does not have; no table holds them.
    document_id: the column named for ids that holds text: one of the others, while the rows are numbered.
    """

    sequence_id: str | None
    tokens: str | None
    text: str | None
    scores: tuple[tuple[str, str], ...]
    others: tuple[str, ...]
    left_out: tuple[str, ...] = ()
    document_id: str | None = None


def recognise_columns(schema: pa.Schema, source: str, given: GivenColumns = NOT_GIVEN) -> InputColumns:
    """Return the columns of a source; raise UserError if there is nothing to measure or a type is wrong.

    given: the columns that the user named; they go before those of the usual names.
    """
    repeated = {name for name in schema.names if schema.names.count(name) > 1}
    if repeated:
        raise UserError(f"{source}: two columns are named {printable(min(repeated))!r}; rename one.")
    found = ", ".join(printable(name) for name in schema.names) or "no column"
    for option, name in (("text_column", given.text), ("id_column", given.sequence_id)):
        if name is not None and name not in schema.names:
            raise UserError(f"{source}: expected a column `{printable(name)}`, as --{option} says, found {found}.")
    sequence_id = given.sequence_id or _first_present(SEQUENCE_ID_NAMES, schema)
    document_id = None
    if sequence_id is not None and sequence_id != SEQUENCE_ID and _is_text(schema.field(sequence_id).type):
        sequence_id, document_id = None, sequence_id
    tokens, text = _first_present(TOKENS_NAMES, schema), given.text or _first_present(TEXT_NAMES, schema)
    if tokens is None and text is None:
        raise UserError(
            f"{source}: expected a column `tokens` or `text`, found {found}.\nName the column with --text_column."
        )
    _require(schema, sequence_id, is_integer, "whole numbers", source)
    _require(schema, tokens, is_integer_list, "lists of whole numbers", source)
    _require(schema, text, is_string, "text", source)
    is_pile = {"Index", "Tokens"} <= set(schema.names)
    scores = tuple((model, name) for name, model in SCORE_NAMES.items() if is_pile and name in schema.names)
    for _, name in scores:
        _require(schema, name, is_number, "numbers", source)
    used = {sequence_id, tokens, text, *(name for _, name in scores)}
    own = [name for name in schema.names if name not in used]
    others = tuple(name for name in own if is_readable(schema.field(name).type))
    left_out = tuple(name for name in own if name not in others)
    return InputColumns(sequence_id, tokens, text, scores, others, left_out, document_id)


def _is_text(type_: pa.DataType) -> bool:
    type_ = unwrapped_type(type_)
    return pa.types.is_string(type_) or pa.types.is_large_string(type_) or pa.types.is_string_view(type_)


def numbering_note(source: str, document_id: str) -> str:
    """Return the note for data whose ids are text."""
    return f"{source}: `{printable(document_id)}` holds text, so sequence_id is the number of the row, from 0."


def _first_present(names: tuple[str, ...], schema: pa.Schema) -> str | None:
    return next((name for name in names if name in schema.names), None)


def _require(
    schema: pa.Schema, name: str | None, fits: Callable[[pa.DataType], bool], expected: str, source: str
) -> None:
    if name is not None and not fits(schema.field(name).type):
        raise UserError(
            f"{source}: expected {expected} in column `{printable(name)}`, found {schema.field(name).type}.\n"
            "Convert the column, or rename it if it is something else."
        )
