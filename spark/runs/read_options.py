"""What the options of every program say of reading the user's data."""

from __future__ import annotations

from spark.runs.options import RunConfiguration
from spark.sources.column_names import GivenColumns
from spark.sources.formats import plain_text, token_ids
from spark.sources.registry import ReadOptions
from spark.sources.resolver import Resolver
from spark.sources.token_file import PYTHIA_ROW_TOKENS
from utils import UserError


def read_options(configuration: RunConfiguration) -> ReadOptions:
    """Return how the sequences and corpora of a run are read."""
    columns = GivenColumns(configuration.text_column, configuration.id_column)
    return ReadOptions(row_tokens=configuration.row_tokens, document_per=configuration.document_per, columns=columns)


def require_used_read_options(configuration: RunConfiguration, resolver: Resolver) -> None:
    """Raise UserError for --document_per or --row_tokens if no data that was resolved is of their format."""
    if configuration.row_tokens != PYTHIA_ROW_TOKENS and token_ids.FORMAT.name not in resolver.formats:
        raise UserError("--row_tokens: this option would have no effect: no .bin file is read.\nRemove it.")
    if configuration.document_per is not None and plain_text.FORMAT.name not in resolver.formats:
        raise UserError("--document_per: this option would have no effect: no .txt file is read.\nRemove it.")
