"""Recognize directories laid out as a Hub dataset, and find the tokenizer beside data."""

from __future__ import annotations

import re

from spark.sources.registry import is_table
from spark.storage.paths import AnyPath

NUMBERED_FILE = re.compile(r"-\d{5}-of-\d{5}(-[0-9a-f]+)?\.parquet$")


def is_hub_layout(path: AnyPath) -> bool:
    """Return whether a directory is laid out as a Hub dataset: it has a README.md, or numbered Parquet files."""
    if not path.is_dir():
        return False
    files = [each for each in path.rglob("*") if each.is_file()]
    has_card = (path / "README.md").is_file() and any(map(is_table, files))
    return has_card or any(NUMBERED_FILE.search(each.name) for each in files)


def tokenizer_beside(path: AnyPath) -> str | None:
    """Return the path of the tokenizer.json in the data's directory or its parent; None if there is none."""
    directory = path if path.is_dir() else path.parent
    candidates = (directory / "tokenizer.json", directory.parent / "tokenizer.json")
    return next((str(each) for each in candidates if each.is_file()), None)
