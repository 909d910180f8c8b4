"""Tables of a run as any reader sees them, and their digests: checksums that do not depend on the order of rows."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

MARKERS = "_complete"
SPARK_EVENTS = "spark-events"


class Digest(NamedTuple):
    """The number of rows of a table, and the SHA-256 of its canonical form: equal for equal rows in any order."""

    rows: int
    sha256: str


class FileState(NamedTuple):
    """The state of a file, which changes if it is written again."""

    path: Path
    inode: int
    changed_ns: int
    size: int


def visible_tables(run: Path) -> dict[str, Digest]:
    """Return the digest of every table that readers see, by its path below the run."""
    return {name: digest(tuple(file.path for file in files), files) for name, files in visible_files(run).items()}


def visible_files(run: Path) -> dict[str, tuple[FileState, ...]]:
    """Return the files of every table that readers see: those that pyarrow finds as a dataset of Hive partitions."""
    found: dict[str, list[FileState]] = {}
    for directory in visible_directories(run):
        # A given schema keeps pyarrow from opening the files; damaged files and other files are listed too.
        dataset = ds.dataset(directory, pa.schema([]), format="parquet", partitioning="hive")
        for path in sorted(Path(name) for name in dataset.files if name.endswith(".parquet")):
            state = path.stat()
            file = FileState(path, state.st_ino, state.st_mtime_ns, state.st_size)
            found.setdefault(str(path.parent.relative_to(run)), []).append(file)
    return {name: tuple(files) for name, files in found.items()}


def visible_directories(run: Path) -> list[Path]:
    """Return the directories of a run in which readers look for tables."""
    if not run.is_dir():
        return []
    visible = (path for path in run.iterdir() if path.name[0] not in "._" and path.name != SPARK_EVENTS)
    return sorted(path for path in visible if path.is_dir())


@cache
def digest(paths: tuple[Path, ...], states: tuple[FileState, ...]) -> Digest:
    """Return the digest of the rows of some files. `states` is part of the cache key: changed files are read again."""
    try:
        table = canonical(pa.concat_tables(pq.ParquetFile(path).read() for path in paths))
    except (OSError, pa.ArrowException) as error:
        return Digest(0, f"unreadable: {error}")
    content = io.BytesIO()
    pq.write_table(table, content, compression="none", use_dictionary=False)
    return Digest(len(table), hashlib.sha256(content.getbuffer()).hexdigest())


def canonical(table: pa.Table) -> pa.Table:
    """Return the table with its rows in an order that depends only on their values."""
    key = "sequence_id" if "sequence_id" in table.column_names else table.column_names[0]
    if table[key].null_count == 0 and pc.count_distinct(table[key]).as_py() == len(table):
        return table.sort_by(key).combine_chunks()
    rows = table.to_pylist()
    return table.take(sorted(range(len(rows)), key=lambda row: repr(rows[row]))).combine_chunks()


def differences(found: Mapping[str, Digest], expected: Mapping[str, Digest]) -> list[str]:
    """Return one message per table that differs from the expected one."""
    return [
        f"{name}: {table.rows:,} rows with checksum {table.sha256[:12]}, expected {describe(expected.get(name))}"
        for name, table in found.items()
        if table != expected.get(name)
    ]


def describe(table: Digest | None) -> str:
    """Return a digest in words."""
    return "no such table" if table is None else f"{table.rows:,} rows with {table.sha256[:12]}"


def total_rows(tables: Mapping[str, Digest]) -> int:
    """Return the number of rows of all tables."""
    return sum(table.rows for table in tables.values())
