"""What a feature table was counted for: recorded in its Parquet files, and read again when the table is joined."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from utils import VERSION

RECORD_KEY = b"memorization_metrics"  # in the metadata of a file's schema


@dataclass(frozen=True)
class CountedFor:
    """What the values of a feature table stand for.

    feature: its name in `--features`. corpus: path or Hub id. corpus_rows: None if only reading the files told.
    tokenizer_sha256: of its tokens and their ids; None if no tokenizer was known.
    settings: the options of `build_features.py` that the feature uses, by name, in JSON types.
    version: of the program that counted.
    """

    feature: str
    corpus: str
    corpus_rows: int | None
    tokenizer_sha256: str | None
    settings: Mapping[str, Any]
    version: str = VERSION

    def as_json(self) -> dict[str, Any]:
        """Return the record in JSON types."""
        return asdict(self)

    def as_metadata(self) -> dict[bytes, bytes]:
        """Return the record as metadata of a schema."""
        return {RECORD_KEY: json.dumps(self.as_json()).encode()}


def read_record(metadata: Mapping[bytes, bytes] | None) -> CountedFor | None:
    """Return the record in the metadata of a schema; None if there is none that this version can read."""
    try:
        return CountedFor(**json.loads((metadata or {})[RECORD_KEY]))
    except (KeyError, ValueError, TypeError):
        return None
