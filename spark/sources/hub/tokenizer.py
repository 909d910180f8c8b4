"""A tokenizer.json, from the Hub or from a local path."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from spark.sources.hub.cache import Groups, complete_entry, fill_entry
from spark.sources.hub.client import Hub, download, tell_nobody
from spark.sources.hub.errors import DamagedFileError, HubError
from spark.sources.hub.pin import pin
from spark.sources.hub.repository import Repository, Snapshot, require_repository_name
from spark.sources.hub.retry import RetryPolicy
from utils import printable

TOKENIZER = "tokenizer.json"


def fetch_tokenizer(
    id_or_path: str,
    cache_directory: Path,
    revision: str | None = None,
    *,
    retry: RetryPolicy | None = None,
    on_progress: Callable[[str], None] = tell_nobody,
) -> Path:
    """The path of a tokenizer.json: a local file, the one in a local directory, or a model's on the Hub.

    The Hub's lies at `cache_directory/tokenizers/{owner}--{name}/{commit}/` afterwards. Raises HubError.
    """
    path = Path(id_or_path).expanduser()
    if path.is_file():
        return path
    if path.is_dir():
        if not (path / TOKENIZER).is_file():
            raise HubError(f"Expected {TOKENIZER} in {printable(id_or_path)}, found none.\nGive its path.")
        return path / TOKENIZER
    repository = Repository("model", require_repository_name(id_or_path))
    hub = Hub(retry or RetryPolicy(), on_progress)
    home = cache_directory / "tokenizers" / repository.name.replace("/", "--")

    def group(snapshot: Snapshot, scratch: Path) -> Groups:
        found = tuple(file for file in snapshot.files if file.path == TOKENIZER)
        if not found:
            raise HubError(
                f"{repository} has no {TOKENIZER} at commit {snapshot.commit[:12]}.\n"
                "Give another model, or the path of a file that the `tokenizers` library saved."
            )
        return {TOKENIZER: found}

    commit, groups = pin(hub, repository, revision or "main", home, group)
    files = groups[TOKENIZER]

    def obtain(number: int, scratch: Path) -> Path:
        hub.report(f"{repository}: {TOKENIZER}")
        return download(hub, repository, commit, files[number], scratch, check_json)

    entry = home / commit
    described = {"repository": repository.name, "revision": commit}
    return (complete_entry(entry) or fill_entry(entry, described, files, (TOKENIZER,), obtain))[0]


def check_json(path: Path) -> None:
    """Raises DamagedFileError where a file is not JSON, as one that was cut off is not."""
    try:
        json.loads(path.read_bytes())
    except ValueError as error:
        raise DamagedFileError(f"not whole JSON ({error})") from error
