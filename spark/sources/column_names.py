"""The names of the columns that the pipeline reads."""

from __future__ import annotations

from spark.sources.catalog import MODELS

SEQUENCE_ID_NAMES = ("sequence_id", "index", "Index")
TOKENS_NAMES = ("tokens", "Tokens", "token_ids", "input_ids")
TEXT_NAMES = ("text", "Text")
SCORE_NAMES = {model.upper(): model for model in MODELS}
