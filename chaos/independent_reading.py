"""An independent reader of damaged files: it shares no code with the program."""

from __future__ import annotations

import gzip
import json
import multiprocessing
import resource
import zlib
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import pyarrow as pa
import pyarrow.parquet as pq

SECONDS = 60
LARGEST_PROCESS = 3 << 30  # bytes of address space; reading an undamaged file takes half of it
VALUES = ("tokens", "text")


class Reading(NamedTuple):
    """The content of a file. rows: their number, None if unreadable. values: tokens and text by the row's id."""

    rows: int | None
    values: Mapping[int, tuple[Any, ...]]


UNREADABLE = Reading(None, {})


def read_json_lines(path: Path) -> Reading:
    """Read a JSONL file: its lines that are not blank, and the values of those that are JSON objects."""
    content = path.read_bytes()
    try:
        content = gzip.decompress(content) if path.suffix == ".gz" else content
    except (OSError, EOFError, zlib.error):
        return UNREADABLE
    lines = [line for line in content.split(b"\n") if line.strip()]
    return Reading(len(lines), _by_id(dict(enumerate(map(_object, lines)))))


def read_parquet(path: Path) -> Reading:
    """Read all rows of a Parquet file with pyarrow, page by page; verify the checksums that it has."""
    try:
        table = pq.ParquetFile(path, page_checksum_verification=True).read()
    except (OSError, ValueError, pa.ArrowException):
        return UNREADABLE
    try:
        return Reading(len(table), _by_id(dict(enumerate(table.to_pylist()))))
    except (ValueError, pa.ArrowException):  # text that is not UTF-8
        return Reading(len(table), {})


def bound_memory() -> None:
    """Limit the memory of this process: a damaged file can make pyarrow request terabytes."""
    resource.setrlimit(resource.RLIMIT_AS, (LARGEST_PROCESS, LARGEST_PROCESS))


class IndependentReader:
    """A context manager that reads Parquet in a separate process, because a damaged file may end the process."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def read(self, path: Path) -> Reading:
        """Return the content of a file."""
        if path.suffix != ".parquet":
            return read_json_lines(path)
        self._pool = self._pool or ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), bound_memory)
        try:
            return self._pool.submit(read_parquet, path).result(SECONDS)
        except (BrokenProcessPool, TimeoutError):
            self._stop()
            return UNREADABLE

    def _stop(self) -> None:
        if self._pool is not None:
            for process in self._pool._processes.values():
                process.kill()
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None


def _object(line: bytes) -> dict[str, Any]:
    try:
        record = json.loads(line.removeprefix(b"\xef\xbb\xbf"))
    except (ValueError, RecursionError):
        return {}
    return record if isinstance(record, dict) else {}


def _by_id(rows: Mapping[int, Mapping[str, Any]]) -> dict[int, tuple[Any, ...]]:
    """Return tokens and text of the rows by id, or by row number if no row has an id."""
    by_id = {}
    has_ids = any("sequence_id" in row for row in rows.values())
    for number, row in rows.items():
        row_id = row.get("sequence_id") if has_ids else number
        if type(row_id) is int:
            by_id[row_id] = tuple(_as_text(row.get(name)) for name in VALUES)
    return by_id


def _as_text(value: Any) -> Any:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value
