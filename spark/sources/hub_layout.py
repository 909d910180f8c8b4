"""Recognize directories laid out as a Hub dataset, and find the tokenizer beside data."""

from __future__ import annotations

import re

from spark.sources.hub.splits import CARD, local_configurations
from spark.sources.registry import is_table
from spark.storage.paths import AnyPath

NUMBERED_FILE = re.compile(r"-\d{5}-of-\d{5}(-[0-9a-f]+)?\.parquet$")


def is_hub_layout(path: AnyPath) -> bool:
    """Return whether a directory is laid out as a Hub dataset: with a card, or with numbered Parquet files.

    The card is its README.md, or a README.md beside it that has a configuration of its name.
    """
    if not path.is_dir():
        return False
    files = [each for each in path.rglob("*") if each.is_file()]
    has_card = ((path / CARD).is_file() or local_configurations(path)) and any(map(is_table, files))
    return bool(has_card) or any(NUMBERED_FILE.search(each.name) for each in files)


def tokenizer_beside(path: AnyPath) -> str | None:
    """Return the path of the tokenizer.json in the data's directory or its parent; None if there is none."""
    directory = path if path.is_dir() else path.parent
    candidates = (directory / "tokenizer.json", directory.parent / "tokenizer.json")
    return next((str(each) for each in candidates if each.is_file()), None)
