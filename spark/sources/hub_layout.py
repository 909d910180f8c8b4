"""Directories laid out as a dataset of the Hub, and the tokenizer that lies beside data."""

from __future__ import annotations

import re

from spark.sources.local_files import file_format
from spark.storage.paths import AnyPath

NUMBERED_FILE = re.compile(r"-\d{5}-of-\d{5}(-[0-9a-f]+)?\.parquet$")


def is_hub_layout(path: AnyPath) -> bool:
    """Whether a path is a directory laid out as a Hub dataset: a README.md, or files numbered as there."""
    if not path.is_dir():
        return False
    files = [each for each in path.rglob("*") if each.is_file()]
    has_card = (path / "README.md").is_file() and any(file_format(each) for each in files)
    return has_card or any(NUMBERED_FILE.search(each.name) for each in files)


def tokenizer_beside(path: AnyPath) -> str | None:
    """The tokenizer.json in the data's directory or the one above, where there is one."""
    directory = path if path.is_dir() else path.parent
    candidates = (directory / "tokenizer.json", directory.parent / "tokenizer.json")
    return next((str(each) for each in candidates if each.is_file()), None)
