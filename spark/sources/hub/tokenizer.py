"""Fetch a tokenizer.json from the Hub, or find it at a local path."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from filters.tokenizer import TOKENIZER
from spark.sources.hub.errors import HubError
from spark.sources.hub.library import ignore
from spark.sources.hub.repository import HubRepository
from spark.sources.hub.retry import RetryPolicy
from spark.storage.paths import home_expanded
from utils import printable


def fetch_tokenizer(
    id_or_path: str,
    cache_directory: Path,
    revision: str | None = None,
    *,
    retry: RetryPolicy | None = None,
    on_progress: Callable[[str], None] = ignore,
) -> Path:
    """Return the path of a tokenizer.json; raise HubError.

    id_or_path: a local file, a local directory that holds one, or the Hub id of a model.
    """
    path = home_expanded(id_or_path)
    if path.is_file():
        return path
    if path.is_dir():
        if not (path / TOKENIZER).is_file():
            raise HubError(f"Expected {TOKENIZER} in {printable(id_or_path)}, found none.\nGive its path.")
        return path / TOKENIZER
    repository = HubRepository("model", id_or_path, cache_directory, retry or RetryPolicy(), on_progress)
    commit = repository.resolve(revision or "main")
    files = repository.list_files(commit)
    if TOKENIZER not in files:
        raise HubError(
            f"{repository} has no {TOKENIZER} at commit {commit[:12]}.\n"
            "Give another model, or the path of a file that the `tokenizers` library saved."
        )
    return repository.fetch(commit, [files[TOKENIZER]])[0]
