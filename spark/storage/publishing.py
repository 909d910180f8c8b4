"""Tables that appear under their final name only when complete."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import PurePosixPath

from spark.storage.paths import AnyPath, discard, has_rename
from spark.storage.state_files import is_count, is_duration, read_state
from utils import UserError, printable

MARKER = "_complete.json"
TEMPORARY = "_temporary"  # the directory, within a run's, of what is not complete
ENDINGS = (".parquet", ".jsonl", ".jsonl.gz", ".bin", ".idx")  # of what tables, and corpora, lie in
NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"
LONGEST_NAME = 100
PARTITION_NAME = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{LONGEST_NAME - 1}}}")


@dataclass(frozen=True)
class Written:
    """What is known of one complete table.

    rows_read: rows of the source; rows_rejected: those of them that could not be measured.
    counts: `rows` of the table, and how many of them are of each kind that the summary shows.
    files: the table's files, and the bytes of each.
    """

    rows_read: int
    rows_rejected: int
    seconds: float
    counts: Mapping[str, int]
    files: Mapping[str, int] = field(default_factory=dict)


def partition_path(dataset: str, scheme: str | None, model: str | None) -> PurePosixPath:
    """The directory of one table below `metrics/` or `rejected/`, named as Hive partitions are."""
    names = (f"dataset={dataset}", f"scheme={scheme or NULL_PARTITION}", f"model={model or NULL_PARTITION}")
    return PurePosixPath(*names)


def require_partition_names(names: Iterable[str]) -> None:
    """Raises UserError for a model or scheme of local data whose name cannot name a directory."""
    for name in names:
        if not PARTITION_NAME.fullmatch(name):
            raise UserError(
                f"{printable(name[:200])!r} cannot name a model or scheme: "
                f"letters, digits, '.', '_' and '-', at most {LONGEST_NAME}."
            )


def publish(hidden: AnyPath, final: AnyPath, written: Written) -> None:
    """Gives a complete table its final name, with a marker that says what it holds.

    Where the storage renames directories that is one step. In an object store the files come one by one, and the
    marker last: there a table counts once it has one. A table without rows has a marker and no file.
    """
    withdraw(final, hidden.parent)
    marker = json.dumps(asdict(replace(written, files=_files_of(hidden))))
    if has_rename(hidden):
        hidden.mkdir(parents=True, exist_ok=True)
        (hidden / MARKER).write_text(marker)
        final.parent.mkdir(parents=True, exist_ok=True)
        hidden.rename(final)  # type: ignore[arg-type]  # both lie below the run's directory
    else:
        for name in _files_of(hidden):
            (hidden / name).rename(final / name)  # type: ignore[arg-type]
        (final / MARKER).write_text(marker)


def withdraw(final: AnyPath, hidden_parent: AnyPath) -> None:
    """Removes a table so that no reader ever sees a part of it."""
    if not final.exists():
        return
    if has_rename(final):
        hidden_parent.mkdir(parents=True, exist_ok=True)
        aside = hidden_parent / f"withdrawn-{final.parent.name}-{final.name}"
        discard(aside)
        final.rename(aside)  # type: ignore[arg-type]
        discard(aside)
    else:
        if (final / MARKER).exists():
            (final / MARKER).unlink()
        discard(final)


def read_marker(final: AnyPath) -> Written | None:
    """What a complete table holds; None where it is not complete: it has no marker, or other files than that says."""
    try:
        written = Written(**read_state(final / MARKER))
        counts = (written.rows_read, written.rows_rejected, *dict(written.counts).values(), written.counts["rows"])
        is_whole = all(map(is_count, counts)) and is_duration(written.seconds)
        return written if is_whole and _files_of(final) == dict(written.files) else None
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _files_of(directory: AnyPath) -> dict[str, int]:
    """The names of the files of a table, or of a corpus, and their bytes."""
    if not directory.is_dir():
        return {}
    return {path.name: path.stat().st_size for path in directory.rglob("*") if path.name.endswith(ENDINGS)}
