"""Publish tables: a table appears under its final name only when it is complete."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import PurePosixPath

from spark.storage.paths import AnyPath, discard, files_below, has_rename, rename
from spark.storage.state_files import is_count, is_duration, read_state
from utils import UserError, printable

MARKER = "_complete.json"
TEMPORARY = "_temporary"  # subdirectory of a run for incomplete tables
# Of the data files of tables and corpora; each text format may be compressed.
ENDINGS = (
    *(".parquet", ".bin", ".idx", ".arrow", ".feather", ".ipc"),
    *(f"{text}{each}" for text in (".jsonl", ".json", ".csv", ".tsv", ".txt") for each in ("", ".gz", ".bz2", ".zst")),
)
NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"
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
    """

    rows_read: int
    rows_rejected: int
    seconds: float
    counts: Mapping[str, int]
    files: Mapping[str, int] = field(default_factory=dict)


def partition_path(dataset: str, scheme: str | None, model: str | None) -> PurePosixPath:
    """Return the Hive-style directory of a table, relative to `metrics/` or `rejected/`."""
    values = (dataset, scheme or NULL_PARTITION, model or NULL_PARTITION)
    return PurePosixPath(*(f"{name}={value}" for name, value in zip(PARTITIONS, values, strict=True)))


def require_partition_names(names: Iterable[str]) -> None:
    """Raise UserError if a model or scheme of local data has a name that is not valid in a directory."""
    for name in names:
        if not PARTITION_NAME.fullmatch(name):
            raise UserError(
                f"{printable(name[:200])!r} is not a valid name of a model or scheme.\n"
                f"Use at most {LONGEST_NAME} letters, digits, '.', '_' and '-', starting with a letter or digit."
            )


def publish(hidden: AnyPath, final: AnyPath, written: Written) -> None:
    """Move a complete table to its final name, with a marker that describes its content.

    One step if the storage can rename directories. In an object store, the files are moved one by one and the marker
    is written last: a table without a marker is incomplete. A table without rows has a marker and no other file.
    """
    withdraw(final, hidden.parent)
    marker = json.dumps(asdict(replace(written, files=_files_of(hidden))))
    if has_rename(hidden):
        hidden.mkdir(parents=True, exist_ok=True)
        (hidden / MARKER).write_text(marker)
        final.parent.mkdir(parents=True, exist_ok=True)
        rename(hidden, final)
    else:
        for name in _files_of(hidden):
            rename(hidden / name, final / name)
        (final / MARKER).write_text(marker)


def withdraw(final: AnyPath, hidden_parent: AnyPath) -> None:
    """Remove a published table; readers never see a part of it."""
    if not final.exists():
        return
    if has_rename(final):
        hidden_parent.mkdir(parents=True, exist_ok=True)
        aside = hidden_parent / f"withdrawn-{final.parent.name}-{final.name}"
        discard(aside)
        rename(final, aside)
        discard(aside)
    else:
        if (final / MARKER).exists():
            (final / MARKER).unlink()
        discard(final)


def read_marker(final: AnyPath) -> Written | None:
    """Return the marker of a complete table; None if the marker is missing or invalid, or does not match the files."""
    try:
        written = Written(**read_state(final / MARKER))
        counts = (written.rows_read, written.rows_rejected, *dict(written.counts).values(), written.counts["rows"])
        is_whole = all(map(is_count, counts)) and is_duration(written.seconds)
        return written if is_whole and _files_of(final) == dict(written.files) else None
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _files_of(directory: AnyPath) -> dict[str, int]:
    """Return the size in bytes of each data file of a table or corpus, by its path in the directory."""
    if not directory.is_dir():
        return {}
    files = files_below(directory).items()
    return {
        name.as_posix(): path.stat().st_size
        for name, path in files
        if path.name.endswith(ENDINGS) and path.name != MARKER
    }
