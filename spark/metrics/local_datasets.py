"""A user's own data as splits: plain files, or a directory laid out as a dataset of the Hub."""

from __future__ import annotations

import re

from spark.metrics.configuration import Configuration
from spark.metrics.split import Split, memories_splits
from spark.sources.catalog import TableLocation
from spark.sources.hub.datasets import local_splits
from spark.sources.hub_layout import is_hub_layout, tokenizer_beside
from spark.storage.paths import AnyPath
from spark.storage.publishing import LONGEST_NAME, require_partition_names
from utils import printable, require_known

MEMORIES_SPLIT = re.compile(r"(deduped|duped)\.(.+)")


def local_dataset_splits(path: AnyPath, configuration: Configuration) -> list[Split]:
    """The splits of a path that exists; raises UserError for models or schemes that it does not have."""
    name = path.resolve().name if path.is_dir() else path.name.split(".")[0]
    dataset = re.sub(r"[^A-Za-z0-9._-]", "_", name).lstrip("._-")[:LONGEST_NAME] or "data"
    tokenizer = configuration.tokenizer or tokenizer_beside(path)
    require_partition_names((*(configuration.models or ()), *(configuration.schemes or ())))
    source = TableLocation(str(path), is_local=True)
    if not is_hub_layout(path):
        return _plain_splits(dataset, source, configuration, tokenizer)
    names = sorted(local_splits(path))
    pairs = [match.groups() for match in map(MEMORIES_SPLIT.fullmatch, names) if match]
    if not pairs:
        return [
            split
            for name in names
            for split in _plain_splits(
                dataset if len(names) == 1 else f"{dataset}_{name}",
                TableLocation(str(path), name, is_local=True),
                configuration,
                tokenizer,
            )
        ]
    schemes = configuration.schemes or tuple(dict.fromkeys(scheme for scheme, _ in pairs))
    models = configuration.models or tuple(dict.fromkeys(model for _, model in pairs))
    splits = memories_splits(dataset, source, schemes, models, tokenizer, configuration.model)
    if configuration.schemes or configuration.models:
        wanted = [split.location.split or "" for split in splits]
        require_known(f"split of {printable(str(path))}", wanted, names)
    return [split for split in splits if split.location.split in names]


def _plain_splits(
    dataset: str, location: TableLocation, configuration: Configuration, tokenizer: str | None
) -> list[Split]:
    models = configuration.models or (None,)
    return [
        Split(dataset, "plain", scheme, models, location, tokenizer, configuration.model)
        for scheme in configuration.schemes or (None,)
    ]
