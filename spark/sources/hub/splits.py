"""Group the files of a dataset by split, by the rules of the `datasets` library itself."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from spark.sources.hub.errors import HubError, first_line
from spark.storage.paths import AnyPath
from utils import printable

CARD = "README.md"
SPLIT_NAME = re.compile(r"\w+(\.\w+)*")  # as in `datasets`; dots are allowed inside
CONFIGURATION_KEYS = ("config_name", "data_files", "data_dir", "default")
# Files that `datasets` would read as its own metadata.
METADATA_FILES = frozenset({CARD, ".huggingface.yaml", "dataset_infos.json"})


def splits_of(dataset: str, paths: Iterable[str], configurations: list[dict[str, Any]]) -> dict[str, tuple[str, ...]]:
    """Return the paths of each split's files, in order, by the name of the split.

    dataset: its name, for messages. paths: all its files, relative, with `/`, and safe to create.
    configurations: those of its card; empty without one. Raises HubError if `datasets` finds no splits.
    """
    # `datasets` resolves patterns against files. Empty files of the same names do, so nothing is downloaded.
    with tempfile.TemporaryDirectory(prefix="dataset-layout-") as directory:
        root = Path(directory, "layout").resolve()
        try:
            lay_out(root, paths, configurations)
            found = library_splits(root, Path(directory, "cache"))
        except Exception as error:  # a foreign repository may make the library raise anything
            reason = first_line(error).replace(str(root), "the dataset")
            raise HubError(
                f"{dataset}: no splits found in its files and README.md ({reason}).\n"
                "Check the name. If `datasets` cannot load it by its name alone, save it as Parquet and give its path."
            ) from error
        splits = {
            split: tuple(Path(file).relative_to(root).as_posix() for file in files) for split, files in found.items()
        }
    for split in splits:
        if not SPLIT_NAME.fullmatch(split):
            raise HubError(f"{dataset}: expected names of splits, found {printable(split)!r}.\nRename that split.")
    return {split: files for split, files in splits.items() if files}


def lay_out(root: Path, paths: Iterable[str], configurations: list[dict[str, Any]]) -> None:
    """Create empty files of the given names under `root`, and a README.md with the configurations."""
    root.mkdir()
    for path in paths:
        if path not in METADATA_FILES:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).touch()
    if configurations:
        (root / CARD).write_text(f"---\n{yaml.safe_dump({'configs': configurations})}---\n", encoding="utf-8")


def library_splits(root: Path, cache_directory: Path) -> dict[str, list[str]]:
    """Return the absolute paths of each split's files, as `datasets` resolves them in the directory `root`."""
    import datasets

    shows_bars = not datasets.are_progress_bars_disabled()
    datasets.disable_progress_bars()
    try:
        builder = datasets.load_dataset_builder(str(root), cache_dir=str(cache_directory))
    finally:
        if shows_bars:
            datasets.enable_progress_bars()
    return {str(split): list(files) for split, files in builder.config.data_files.items()}


def local_configurations(directory: AnyPath) -> list[dict[str, Any]]:
    """Return the configurations of a local dataset: from its README.md, or from the one beside it that names it.

    The README.md of a run of `build_features.py` has a configuration per dataset below the run.
    """
    own, beside = directory / CARD, directory.resolve().parent / CARD
    if own.is_file():
        return card_configurations(str(directory), own)
    name = directory.resolve().name
    if not beside.is_file() or f"config_name: {name}\n" not in beside.read_text(encoding="utf-8", errors="replace"):
        return []
    return [
        {**configuration, "config_name": "default", "data_files": _below(name, configuration["data_files"])}
        for configuration in card_configurations(str(directory.parent), beside)
        if configuration.get("config_name") == name and "data_files" in configuration
    ]


def _below(name: str, data_files: Any) -> Any:
    """Return `data_files` with paths relative to the subdirectory `name`."""
    if isinstance(data_files, str):
        return data_files.removeprefix(f"{name}/")
    if isinstance(data_files, dict):
        return {key: _below(name, value) for key, value in data_files.items()}
    return [_below(name, value) for value in data_files]


def card_configurations(dataset: str, card: AnyPath) -> list[dict[str, Any]]:
    """Return what the metadata of a README.md says about data files; raise HubError if it names files elsewhere.

    Other keys, such as features and sizes, are dropped: they do not affect the splits, and `datasets` fails on
    keys that its version does not know.
    """
    text = card.read_text(encoding="utf-8", errors="replace")
    block = re.match(r"---[ \t]*\r?\n(.*?)\r?\n---[ \t]*(\r?\n|$)", text.lstrip("\ufeff"), re.DOTALL)
    try:
        metadata = yaml.safe_load(block[1]) if block else None
    except yaml.YAMLError as error:
        raise HubError(f"{dataset}: its README.md has broken metadata ({first_line(error)}).\nCorrect it.") from error
    configurations = metadata.get("configs") if isinstance(metadata, dict) else None
    if not isinstance(configurations, list) or not all(isinstance(c, dict) for c in configurations):
        return []
    kept = [{key: c[key] for key in CONFIGURATION_KEYS if key in c} for c in configurations]
    for pattern in patterns_of([[c.get("data_files"), c.get("data_dir")] for c in kept]):
        if "://" in pattern or "::" in pattern or pattern.startswith(("/", "~")) or leaves(pattern):
            raise HubError(
                f"{dataset}: its README.md names data files outside of the dataset: {printable(pattern)!r}.\n"
                "Such files are not read; fetch them yourself and give their local path."
            )
    return kept


def patterns_of(data_files: Any) -> Iterator[str]:
    """Yield all strings in a value of `data_files`, which nests lists and dictionaries."""
    if isinstance(data_files, str):
        yield data_files
    elif isinstance(data_files, dict):
        yield from patterns_of(list(data_files.values()))
    elif isinstance(data_files, list):
        for value in data_files:
            yield from patterns_of(value)


def leaves(pattern: str) -> bool:
    """Return whether a relative pattern holds a `..`."""
    return ".." in PurePosixPath(pattern.replace("\\", "/")).parts
