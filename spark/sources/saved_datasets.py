"""Find the files of the folders that `datasets` saves with `save_to_disk`, and the splits of a saved DatasetDict."""

from __future__ import annotations

import json
from pathlib import PurePosixPath
from typing import Any

from spark.storage.paths import AnyPath
from utils import UserError, printable, require_known

STATE = "state.json"  # of a saved Dataset: names its data files, in order
SPLITS = "dataset_dict.json"  # of a saved DatasetDict: names its splits, which are folders


def saved_files(directory: AnyPath) -> tuple[AnyPath, ...] | None:
    """Return the data files of a saved dataset, in order; None if the directory is none.

    Other Arrow files of the folder are caches, which the dataset does not hold. Raises UserError if a file is missing.
    """
    state = _read(directory / STATE)
    listed = state.get("_data_files") if isinstance(state, dict) else None
    if not isinstance(listed, list):
        return None
    names = [str(each.get("filename") if isinstance(each, dict) else each) for each in listed]
    for name in names:
        if PurePosixPath(name).name != name or not (directory / name).is_file():
            raise UserError(
                f"{printable(str(directory))}: expected the file {printable(name)}, as {STATE} says, found none.\n"
                "Copy the whole folder, or save the dataset again."
            )
    return tuple(directory / name for name in names)


def saved_splits(directory: AnyPath) -> tuple[str, ...]:
    """Return the splits of a saved DatasetDict; none if the directory is no such."""
    content = _read(directory / SPLITS)
    splits = content.get("splits") if isinstance(content, dict) else None
    return tuple(str(split) for split in splits if (directory / str(split)).is_dir()) if splits else ()


def split_directory(directory: AnyPath, split: str | None) -> AnyPath:
    """Return the folder of a split of a saved DatasetDict: the only one or `train` if none is named.

    Returns the directory itself if it is no saved DatasetDict; raises UserError for a split that it does not have.
    """
    splits = saved_splits(directory)
    if not splits:
        return directory
    if split is None:
        split = splits[0] if len(splits) == 1 else "train"
    require_known(f"split of {printable(str(directory))}", [split], splits)
    return directory / split


def _read(path: AnyPath) -> Any:
    if not path.is_file():
        return None
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return None  # a file of this name that is something else
