"""Which column of a source is which: ids, tokens, text, memorization scores, and the user's own."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from spark.catalog import MODELS
from utils import UserError, printable

SEQUENCE_ID_NAMES = ("sequence_id", "index", "Index")
TOKENS_NAMES = ("tokens", "Tokens", "token_ids", "input_ids")
TEXT_NAMES = ("text", "Text")
SCORE_NAMES = {model.upper(): model for model in MODELS}


@dataclass(frozen=True)
class InputColumns:
    """The names that a source gives to what the pipeline reads; None where it has no such column.

    scores: model to the column of its memorization scores, in the layout of the Pile samples.
    others: the user's own columns, which pass through untouched.
    """

    sequence_id: str | None
    tokens: str | None
    text: str | None
    scores: tuple[tuple[str, str], ...]
    others: tuple[str, ...]


def recognise_columns(schema: pa.Schema, source: str) -> InputColumns:
    """The columns of a source; raises UserError where there is nothing to measure or a type is wrong."""
    repeated = {name for name in schema.names if schema.names.count(name) > 1}
    if repeated:
        raise UserError(f"{source}: two columns are named {printable(min(repeated))!r}; rename one.")
    sequence_id = _first_present(SEQUENCE_ID_NAMES, schema)
    tokens, text = _first_present(TOKENS_NAMES, schema), _first_present(TEXT_NAMES, schema)
    if tokens is None and text is None:
        found = ", ".join(printable(name) for name in schema.names) or "no column"
        raise UserError(f"{source}: expected a column `tokens` or `text`, found {found}.")
    _require(schema, sequence_id, _is_integer, "whole numbers", source)
    _require(schema, tokens, _is_integer_list, "lists of whole numbers", source)
    _require(schema, text, _is_string, "text", source)
    is_pile = {"Index", "Tokens"} <= set(schema.names)
    scores = tuple((model, name) for name, model in SCORE_NAMES.items() if is_pile and name in schema.names)
    for _, name in scores:
        _require(schema, name, _is_number, "numbers", source)
    used = {sequence_id, tokens, text, *(name for _, name in scores)}
    others = tuple(name for name in schema.names if name not in used)
    return InputColumns(sequence_id, tokens, text, scores, others)


def _first_present(names: tuple[str, ...], schema: pa.Schema) -> str | None:
    return next((name for name in names if name in schema.names), None)


def _require(schema: pa.Schema, name: str | None, fits: object, expected: str, source: str) -> None:
    if name is not None and not fits(schema.field(name).type):  # type: ignore[operator]
        raise UserError(
            f"{source}: expected {expected} in column `{name}`, found {schema.field(name).type}.\n"
            "Convert the column, or rename it if it is something else."
        )


def _is_integer(type_: pa.DataType) -> bool:
    return bool(pa.types.is_integer(type_))


def _is_number(type_: pa.DataType) -> bool:
    return bool(pa.types.is_integer(type_) or pa.types.is_floating(type_))


def _is_integer_list(type_: pa.DataType) -> bool:
    is_list = pa.types.is_list(type_) or pa.types.is_large_list(type_) or pa.types.is_fixed_size_list(type_)
    return bool(is_list and pa.types.is_integer(type_.value_type))


def _is_string(type_: pa.DataType) -> bool:
    is_bytes = pa.types.is_binary(type_) or pa.types.is_large_binary(type_)
    return bool(is_bytes or pa.types.is_string(type_) or pa.types.is_large_string(type_))
