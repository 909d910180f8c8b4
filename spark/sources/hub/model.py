"""A model's configuration and weights, from the Hub or from a local directory."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from spark.sources.hub.cache import Groups, complete_entry, fill_entry
from spark.sources.hub.client import Hub, download, tell_nobody
from spark.sources.hub.errors import HubError
from spark.sources.hub.pin import pin
from spark.sources.hub.repository import Repository, Snapshot, require_repository_name
from spark.sources.hub.retry import RetryPolicy
from spark.sources.hub.tokenizer import TOKENIZER, check_json
from utils import printable

CONFIGURATION = "config.json"
OPTIONAL = ("generation_config.json", TOKENIZER)
# In the order in which they are preferred: safetensors hold numbers and nothing else. A format's index names shards.
FORMATS = (
    (re.compile(r"model\.safetensors"), None),
    (re.compile(r"model-\d+-of-\d+\.safetensors"), "model.safetensors.index.json"),
    (re.compile(r"pytorch_model\.bin"), None),
    (re.compile(r"pytorch_model-\d+-of-\d+\.bin"), "pytorch_model.bin.index.json"),
)
# How a sentence embedding model has texts read, and what becomes of its tokens' vectors.
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
    on_progress: Callable[[str], None] = tell_nobody,
) -> Path:
    """The directory of a model: a local one, or one of the Hub, without the code and the formats that it need not have.

    embeds: whether it is a sentence embedding model, which has more files than a causal language model.
    The Hub's lies at `cache_directory/models/{owner}--{name}/{commit}/` afterwards. Raises HubError.
    """
    path = Path(id_or_path).expanduser()
    if path.is_dir():
        model_files([each.name for each in path.iterdir()], printable(id_or_path))
        return path
    repository = Repository("model", require_repository_name(id_or_path))
    hub = Hub(retry or RetryPolicy(), on_progress)
    kind = "embedding-models" if embeds else "models"
    home = cache_directory / kind / repository.name.replace("/", "--")

    def group(snapshot: Snapshot, scratch: Path) -> Groups:
        by_name = {file.path: file for file in snapshot.files}
        names = model_files(list(by_name), f"{repository} at commit {snapshot.commit[:12]}")
        names += [name for name in OF_EMBEDDINGS if embeds and name in by_name]
        return {kind: tuple(by_name[name] for name in names)}

    commit, groups = pin(hub, repository, revision or "main", home, group)
    files = groups[kind]

    def obtain(number: int, scratch: Path) -> Path:
        file = files[number]
        size = "" if file.size is None else f" ({file.size / 1e6:,.1f} MB)"
        hub.report(f"{repository}: {file.path}{size}")
        if file.path.endswith(".json"):
            return download(hub, repository, commit, file, scratch, check_json)
        return download(hub, repository, commit, file, scratch)

    entry = home / commit
    if complete_entry(entry) is None:
        described = {"repository": repository.name, "revision": commit}
        fill_entry(entry, described, files, [file.path for file in files], obtain)
    return entry


def model_files(names: Sequence[str], where: str) -> list[str]:
    """Those of a directory's files that a model is loaded from; raises HubError where there is no model."""
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
