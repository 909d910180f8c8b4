"""The tables of a run as a stranger finds them, brought to a canonical form and summed up in a checksum."""

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

MARKER = "_complete.json"
SPARK_EVENTS = "spark-events"


class Digest(NamedTuple):
    """The number of rows of a table and the SHA-256 of its canonical form: equal for equal rows in any order."""

    rows: int
    sha256: str


class FileState(NamedTuple):
    """What tells whether a file was written anew."""

    path: Path
    inode: int
    changed_ns: int
    size: int


def visible_tables(run: Path) -> dict[str, Digest]:
    """Every table of a run that a reader sees, by its path below the run."""
    return {name: digest(tuple(file.path for file in files), files) for name, files in visible_files(run).items()}


def visible_files(run: Path) -> dict[str, tuple[FileState, ...]]:
    """The files of each table that a reader sees: those that pyarrow finds in a directory of Hive partitions."""
    found: dict[str, list[FileState]] = {}
    for directory in visible_directories(run):
        # With a schema given no file is opened, so that a damaged one is listed too, and so is what is no table.
        dataset = ds.dataset(directory, pa.schema([]), format="parquet", partitioning="hive")
        for path in sorted(Path(name) for name in dataset.files if name.endswith(".parquet")):
            state = path.stat()
            file = FileState(path, state.st_ino, state.st_mtime_ns, state.st_size)
            found.setdefault(str(path.parent.relative_to(run)), []).append(file)
    return {name: tuple(files) for name, files in found.items()}


def visible_directories(run: Path) -> list[Path]:
    """The directories of a run in which readers look for tables."""
    if not run.is_dir():
        return []
    visible = (path for path in run.iterdir() if path.name[0] not in "._" and path.name != SPARK_EVENTS)
    return sorted(path for path in visible if path.is_dir())


@cache
def digest(paths: tuple[Path, ...], states: tuple[FileState, ...]) -> Digest:
    """The digest of the rows of some files; `states` has unchanged files read once."""
    try:
        table = canonical(pa.concat_tables(pq.ParquetFile(path).read() for path in paths))
    except (OSError, pa.ArrowException) as error:
        return Digest(0, f"unreadable: {error}")
    content = io.BytesIO()
    pq.write_table(table, content, compression="none", use_dictionary=False)
    return Digest(len(table), hashlib.sha256(content.getbuffer()).hexdigest())


def canonical(table: pa.Table) -> pa.Table:
    """The rows in an order that depends on nothing but the rows."""
    key = "sequence_id" if "sequence_id" in table.column_names else table.column_names[0]
    if table[key].null_count == 0 and pc.count_distinct(table[key]).as_py() == len(table):
        return table.sort_by(key).combine_chunks()
    rows = table.to_pylist()
    return table.take(sorted(range(len(rows)), key=lambda row: repr(rows[row]))).combine_chunks()


def differences(found: Mapping[str, Digest], expected: Mapping[str, Digest]) -> list[str]:
    """What is wrong with tables that should be among the expected ones, in words; nothing where all are right."""
    return [
        f"{name}: {table.rows:,} rows with checksum {table.sha256[:12]}, expected {describe(expected.get(name))}"
        for name, table in found.items()
        if table != expected.get(name)
    ]


def describe(table: Digest | None) -> str:
    """A digest in words."""
    return "no such table" if table is None else f"{table.rows:,} with {table.sha256[:12]}"


def total_rows(tables: Mapping[str, Digest]) -> int:
    """The rows of all tables."""
    return sum(table.rows for table in tables.values())
