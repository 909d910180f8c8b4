"""A user's own data as splits: plain files, or a directory laid out as a dataset of the Hub."""

from __future__ import annotations

import re
from collections.abc import Iterable

from spark.catalog import TableLocation
from spark.configuration import Configuration
from spark.hub.datasets import local_splits
from spark.local_files import file_format
from spark.split import Split, memories_splits
from spark.storage import AnyPath
from utils import UserError, printable, require_known

NUMBERED_FILE = re.compile(r"-\d{5}-of-\d{5}(-[0-9a-f]+)?\.parquet$")
MEMORIES_SPLIT = re.compile(r"(deduped|duped)\.(.+)")
LONGEST_NAME = 100
PARTITION_NAME = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{LONGEST_NAME - 1}}}")


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


def _plain_splits(
    dataset: str, location: TableLocation, configuration: Configuration, tokenizer: str | None
) -> list[Split]:
    models = configuration.models or (None,)
    return [
        Split(dataset, "plain", scheme, models, location, tokenizer, configuration.model)
        for scheme in configuration.schemes or (None,)
    ]


def require_partition_names(names: Iterable[str]) -> None:
    """Raises UserError for a model or scheme of local data whose name cannot name a directory."""
    for name in names:
        if not PARTITION_NAME.fullmatch(name):
            raise UserError(
                f"{printable(name[:200])!r} cannot name a model or scheme: "
                f"letters, digits, '.', '_' and '-', at most {LONGEST_NAME}."
            )
