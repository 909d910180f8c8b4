"""The names of the columns that the pipeline reads."""

from __future__ import annotations

import pyarrow as pa

from spark.sources.catalog import MODELS

SEQUENCE_ID_NAMES = ("sequence_id", "index", "Index")
TOKENS_NAMES = ("tokens", "Tokens", "token_ids", "input_ids")
TEXT_NAMES = ("text", "Text")
SCORE_NAMES = {model.upper(): model for model in MODELS}


def known_types() -> dict[str, pa.DataType]:
    """Return the types of the columns that have a role, by name, for formats that store no types."""
    types = dict.fromkeys(SEQUENCE_ID_NAMES, pa.int64()) | dict.fromkeys(TOKENS_NAMES, pa.list_(pa.int64()))
    return types | dict.fromkeys(TEXT_NAMES, pa.string()) | dict.fromkeys(SCORE_NAMES, pa.float64())
