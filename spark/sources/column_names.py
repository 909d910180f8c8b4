"""The names of the columns that the pipeline reads."""

from __future__ import annotations

from typing import NamedTuple

import pyarrow as pa

from spark.sources.catalog import MODELS

SEQUENCE_ID = "sequence_id"
SEQUENCE_ID_NAMES = (SEQUENCE_ID, "index", "Index")
TOKENS_NAMES = ("tokens", "Tokens", "token_ids", "input_ids")
TEXT_NAMES = ("text", "Text")
SCORE_NAMES = {model.upper(): model for model in MODELS}


class GivenColumns(NamedTuple):
    """The columns that the user named for text and ids, with --text_column and --id_column; None if not named."""

    text: str | None = None
    sequence_id: str | None = None


NOT_GIVEN = GivenColumns()


def known_types(given: GivenColumns) -> dict[str, pa.DataType]:
    """Return the types of the columns that have a role, by name, for formats that store no types."""
    types = dict.fromkeys(SEQUENCE_ID_NAMES, pa.int64()) | dict.fromkeys(TOKENS_NAMES, pa.list_(pa.int64()))
    types |= dict.fromkeys(TEXT_NAMES, pa.string()) | dict.fromkeys(SCORE_NAMES, pa.float64())
    types |= {} if given.sequence_id is None else {given.sequence_id: pa.int64()}
    return types if given.text is None else types | {given.text: pa.string()}
