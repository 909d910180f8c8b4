"""Publish tables: a table appears under its final name only when it is complete."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any

from spark.storage.paths import AnyPath, copy_file, discard, files_below, has_rename, rename, write_at_once
from spark.storage.state_files import is_count, is_duration, read_state
from utils import UserError, printable

# Subdirectories of a run. Readers such as Polars and `load_dataset` open every file of a table's directory,
# so nothing but data lies there.
MARKERS = "_complete"  # a marker per complete table
TEMPORARY = "_temporary"  # incomplete tables
NO_VALUE = "none"  # names the level of a scheme or model that the data does not have
PARTITIONS = ("dataset", "scheme", "model")  # the folders of a run's tables
LONGEST_NAME = 100
PARTITION_NAME = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{LONGEST_NAME - 1}}}")


@dataclass(frozen=True)
class Written:
    """The content of the marker of one complete table.

    rows_read: rows read from the source.
    rows_rejected: rows of the source that could not be measured.
    seconds: time to make the table.
    counts: number of `rows` of the table, and of the rows of each kind shown in the summary.
    files: size in bytes of each file of the table.
    rejected_kinds: number of rejected rows by the kind of the reason.
    Of a table of metrics:
    filters, null_columns: the names of its filters, and of the columns that are null in every row.
    passes: for each pass over the rows, the filters that it measured, its seconds and its end.
    """

    rows_read: int
    rows_rejected: int
    seconds: float
    counts: Mapping[str, int]
    files: Mapping[str, int] = field(default_factory=dict)
    rejected_kinds: Mapping[str, int] = field(default_factory=dict)
    filters: Sequence[str] = field(default_factory=list)
    null_columns: Sequence[str] = field(default_factory=list)
    passes: Sequence[Mapping[str, Any]] = field(default_factory=list)


def partition_path(dataset: str, scheme: str | None, model: str | None) -> PurePosixPath:
    """Return the Hive-style directory of a table, relative to `metrics/` or `rejected/`."""
    values = (dataset, scheme or NO_VALUE, model or NO_VALUE)
    return PurePosixPath(*(f"{name}={value}" for name, value in zip(PARTITIONS, values, strict=True)))


def require_partition_names(names: Iterable[str]) -> None:
    """Raise UserError if a model or scheme of local data has a name that is not valid in a directory."""
    for name in names:
        if not PARTITION_NAME.fullmatch(name):
            raise UserError(
                f"{printable(name[:200])!r} is not a valid name of a model or scheme.\n"
                f"Use at most {LONGEST_NAME} letters, digits, '.', '_' and '-', starting with a letter or digit."
            )
        if name == NO_VALUE:
            raise UserError(
                f"{NO_VALUE!r} cannot name a model or scheme: it stands for data without one.\nUse another name."
            )


def partition_name(text: str) -> str:
    """Return a text as a valid name of a level, with other characters replaced; empty if nothing is left."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", text).lstrip("._-")[:LONGEST_NAME]


def model_level(name: str) -> str:
    """Return the name of a model as the name of its level; it is not the one that stands for data without a model."""
    level = partition_name(name)
    return level if level not in ("", NO_VALUE) else f"model_{level}".rstrip("_")


def publish(hidden: AnyPath, run_directory: AnyPath, table: str, written: Written, keeps_hidden: bool = False) -> None:
    """Move a complete table to its final name, and describe it by a marker.

    table: its path relative to the run. The marker is written first: it counts once the files that it lists are all
    there. Storage that can rename directories moves them in one step; an object store moves one by one.
    A table without rows has a marker and no file.
    keeps_hidden: whether an object store copies the files, so that publishing can be repeated.
    """
    withdraw(run_directory, table, hidden.parent)
    final, files = run_directory / table, _files_of(hidden)
    marker = marker_path(run_directory, table)
    marker.parent.mkdir(parents=True, exist_ok=True)
    write_at_once(marker, json.dumps(asdict(replace(written, files=files))))
    if has_rename(hidden):
        hidden.mkdir(parents=True, exist_ok=True)
        final.parent.mkdir(parents=True, exist_ok=True)
        rename(hidden, final)
    else:
        move = copy_file if keeps_hidden else rename
        for name in files:
            move(hidden / name, final / name)


def withdraw(run_directory: AnyPath, table: str, hidden_parent: AnyPath) -> None:
    """Remove a published table and its marker; readers never see a part of it."""
    final, marker = run_directory / table, marker_path(run_directory, table)
    if marker.exists():
        marker.unlink()
    if not final.exists():
        return
    if has_rename(final):
        hidden_parent.mkdir(parents=True, exist_ok=True)
        aside = hidden_parent / f"withdrawn-{final.parent.name}-{final.name}"
        discard(aside)
        rename(final, aside)
        discard(aside)
    else:
        discard(final)


def read_marker(run_directory: AnyPath, table: str) -> Written | None:
    """Return the marker of a complete table; None if the marker is missing or invalid, or does not match the files."""
    try:
        written = Written(**read_state(marker_path(run_directory, table)))
        of_kinds = (*dict(written.counts).values(), *dict(written.rejected_kinds).values())
        counts = (written.rows_read, written.rows_rejected, written.counts["rows"], *of_kinds)
        is_whole = all(map(is_count, counts)) and is_duration(written.seconds)
        is_whole &= all(isinstance(name, str) for name in (*written.filters, *written.null_columns))
        return written if is_whole and _has_files(run_directory / table, written.files) else None
    except (OSError, ValueError, TypeError, KeyError):
        return None


def marker_path(run_directory: AnyPath, table: str) -> AnyPath:
    """Return the path of the marker of a table, which need not exist."""
    return run_directory / MARKERS / f"{table}.json"


def _files_of(directory: AnyPath) -> dict[str, int]:
    """Return the size in bytes of each file of a table or corpus, by its path there; hidden files do not count."""
    if not directory.is_dir():
        return {}
    found = {name.as_posix(): path for name, path in files_below(directory).items() if name.name[0] not in "._"}
    return {name: path.stat().st_size for name, path in found.items()}


def _has_files(directory: AnyPath, expected: Mapping[str, int]) -> bool:
    """Return whether a table consists of the expected files. Files of another type, such as notes, are ignored."""
    types = {".parquet", *(PurePosixPath(name).suffix for name in expected)}
    found = _files_of(directory)
    return {name: size for name, size in found.items() if PurePosixPath(name).suffix in types} == expected
