"""Tables that appear under their final name only when complete."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

MARKER = "_complete.json"
NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"


@dataclass(frozen=True)
class Written:
    """What is known of one complete table.

    rows_read: rows of the source; rows_rejected: those of them that could not be measured.
    counts: `rows` of the table, and how many of them are of each kind that the summary shows.
    """

    rows_read: int
    rows_rejected: int
    seconds: float
    counts: Mapping[str, int]


def partition_path(dataset: str, scheme: str | None, model: str | None) -> Path:
    """The directory of one table below `metrics/` or `rejected/`, named as Hive partitions are."""
    return Path(f"dataset={dataset}", f"scheme={scheme or NULL_PARTITION}", f"model={model or NULL_PARTITION}")


def publish(hidden: Path, final: Path, written: Written) -> None:
    """Gives a complete table its final name, in one rename, with a marker that says what it holds.

    A table without rows has a directory and a marker, and no file.
    """
    hidden.mkdir(parents=True, exist_ok=True)
    (hidden / MARKER).write_text(json.dumps(asdict(written)))
    discard(final)
    final.parent.mkdir(parents=True, exist_ok=True)
    hidden.rename(final)


def discard(path: Path) -> None:
    """Removes a directory with all that is in it, where there is one."""
    if path.exists():
        shutil.rmtree(path)


def read_marker(final: Path) -> Written | None:
    """What a complete table holds; None where the table is not complete, or its marker is damaged."""
    try:
        written = Written(**json.loads((final / MARKER).read_text()))
        return written if isinstance(written.counts["rows"], int) else None
    except (OSError, ValueError, TypeError, KeyError):
        return None
