"""Fetch a model's configuration and weights from the Hub, or check those in a local directory."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from filters.tokenizer import TOKENIZER
from spark.sources.hub.errors import HubError
from spark.sources.hub.library import ignore
from spark.sources.hub.repository import HubRepository
from spark.sources.hub.retry import RetryPolicy
from spark.storage.paths import home_expanded
from utils import printable

CONFIGURATION = "config.json"
OPTIONAL = ("generation_config.json", TOKENIZER)
# The preferred format first: safetensors hold only numbers. The index of a format names its shards.
FORMATS = (
    (re.compile(r"model\.safetensors"), None),
    (re.compile(r"model-\d+-of-\d+\.safetensors"), "model.safetensors.index.json"),
    (re.compile(r"pytorch_model\.bin"), None),
    (re.compile(r"pytorch_model-\d+-of-\d+\.bin"), "pytorch_model.bin.index.json"),
)
# How a sentence embedding model tokenizes texts and pools the vectors of their tokens.
OF_EMBEDDINGS = (
    *("modules.json", "1_Pooling/config.json", "sentence_bert_config.json", "config_sentence_transformers.json"),
    *("tokenizer_config.json", "special_tokens_map.json", "vocab.txt"),
)


def fetch_model(
    id_or_path: str,
    cache_directory: Path,
    revision: str | None = None,
    *,
    embeds: bool = False,
    retry: RetryPolicy | None = None,
    on_progress: Callable[[str], None] = ignore,
) -> Path:
    """Return the directory of a model, without the code and formats that are not needed; raise HubError.

    id_or_path: a local directory, or an id of the Hub; of the latter, the directory is named by its commit.
    embeds: whether it is a sentence embedding model, which has more files than a causal language model.
    """
    path = home_expanded(id_or_path)
    if path.is_dir():
        model_files([each.name for each in path.iterdir()], printable(id_or_path))
        return path
    if path.is_file():
        raise HubError(
            f"Expected the directory of a model, found the file {printable(id_or_path)}.\n"
            f"Give its directory: {printable(str(path.parent))}"
        )
    repository = HubRepository("model", id_or_path, cache_directory, retry or RetryPolicy(), on_progress)
    commit = repository.resolve(revision or "main")
    files = repository.list_files(commit)
    names = model_files(list(files), f"{repository} at commit {commit[:12]}")
    names += [name for name in OF_EMBEDDINGS if embeds and name in files]
    return repository.fetch(commit, [files[name] for name in names])[names.index(CONFIGURATION)].parent


def model_files(names: Sequence[str], where: str) -> list[str]:
    """Return the names of the files that a model is loaded from; raise HubError if there is no model."""
    if CONFIGURATION not in names:
        raise HubError(f"Expected {CONFIGURATION} in {where}, found none.\nGive the id or the directory of a model.")
    for pattern, index in FORMATS:
        weights = sorted(name for name in names if pattern.fullmatch(name))
        if weights and (index is None or index in names):
            return [CONFIGURATION, *(name for name in OPTIONAL if name in names), *filter(None, [index]), *weights]
    raise HubError(
        f"Expected weights in {where}: model.safetensors, pytorch_model.bin, or their shards with an index; found none."
        "\nGive a model that the `transformers` library saved."
    )
