"""Plain Parquet and JSONL files: finding them and reading what they hold of themselves, without Spark."""

from __future__ import annotations

import gzip
import io
import json
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePath
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from spark.column_names import SCORE_NAMES, SEQUENCE_ID_NAMES, TEXT_NAMES, TOKENS_NAMES
from spark.json_lines import column_types
from spark.storage import AnyPath, arrow_location, files_below
from utils import UserError, printable

Format = Literal["parquet", "json"]
SUFFIXES: dict[str, Format] = {
    ".parquet": "parquet",
    ".jsonl": "json",
    ".ndjson": "json",
    ".jsonl.gz": "json",
    ".ndjson.gz": "json",
}
JSON_LINES_TRIED = 1_000


@dataclass(frozen=True)
class TableFiles:
    """The files of one table, in the order of their names.

    rows: their number where the files say it (Parquet); None where it takes reading them (JSONL).
    """

    format: Format
    paths: tuple[AnyPath, ...]
    schema: pa.Schema
    rows: int | None
    bytes: int


def find_files(path: AnyPath) -> tuple[AnyPath, ...]:
    """The data files at a path; raises UserError where there are none, or both Parquet and JSONL."""
    shown = printable(str(path))
    if not path.exists():
        raise UserError(f"{shown}: no such file or directory.\nKnown datasets besides paths: see --help.")
    if path.is_file():
        if file_format(path) is None:
            raise UserError(f"{shown}: expected a file named {', '.join(SUFFIXES)}.")
        if path.name.startswith((".", "_")) or _has_colon(path):
            raise UserError(f"{shown}: Spark cannot read a path with ':', or a name that begins with '.' or '_'.")
        return (path.resolve(),)
    inside = files_below(path).items()
    files = tuple(each.resolve() for name, each in inside if file_format(each) and not _is_hidden(name))
    if not files:
        raise UserError(f"{shown}: found no file named {', '.join(SUFFIXES)} in this directory.")
    if len({file_format(each) for each in files}) > 1:
        raise UserError(f"{shown}: found Parquet and JSONL files together; give the path of one kind.")
    return files


def describe_files(paths: tuple[AnyPath, ...]) -> TableFiles:
    """What the files hold; raises UserError for one that is damaged or differs from the others."""
    format_ = file_format(paths[0]) or "parquet"
    size = sum(path.stat().st_size for path in paths)
    if format_ == "json":
        return TableFiles(format_, paths, _json_schema(paths), None, size)
    schema, rows = None, 0
    for path in paths:
        try:
            filesystem, name = arrow_location(path)
            with pq.ParquetFile(name, filesystem=filesystem) as file:
                found, rows = file.schema_arrow, rows + file.metadata.num_rows
        except (OSError, pa.ArrowException) as error:
            raise UserError(f"{printable(str(path))} is no readable Parquet file: {_one_line(error)}") from None
        if schema is not None and not found.equals(schema):
            raise UserError(f"{printable(str(path))}: its columns differ from those of {paths[0].name}.")
        schema = found
    assert schema is not None
    return TableFiles(format_, paths, schema, rows, size)


@contextmanager
def open_lines(path: AnyPath) -> Iterator[tuple[Iterable[bytes], Any]]:
    """The lines of a JSONL file, and the file itself, whose position says how much of it they took."""
    with path.open("rb") as file:
        content = gzip.GzipFile(fileobj=file) if path.name.lower().endswith(".gz") else file
        yield io.BufferedReader(content), file


def file_format(path: AnyPath) -> Format | None:
    """The format that a file's name says, None where it says none."""
    name = path.name.lower()
    return next((format_ for suffix, format_ in SUFFIXES.items() if name.endswith(suffix)), None)


def _has_colon(path: AnyPath) -> bool:
    return isinstance(path, Path) and ":" in str(path.resolve())


def _is_hidden(path: PurePath) -> bool:
    return any(part.startswith((".", "_")) for part in path.parts)


def _json_schema(paths: tuple[AnyPath, ...]) -> pa.Schema:
    """The columns and types of the first lines of every file; each further line is judged by itself."""
    records = [record for path in paths for record in _first_records(path)]
    if not records:
        shown = printable(str(paths[0]))
        raise UserError(f"{shown}: expected one JSON object a line; its first lines hold none.")
    known = dict.fromkeys(SEQUENCE_ID_NAMES, pa.int64()) | dict.fromkeys(TOKENS_NAMES, pa.list_(pa.int64()))
    known |= dict.fromkeys(TEXT_NAMES, pa.string()) | dict.fromkeys(SCORE_NAMES, pa.float64())
    return pa.schema(list(column_types(records, known).items()))


def _first_records(path: AnyPath) -> list[dict[str, Any]]:
    try:
        with open_lines(path) as (lines, _):
            candidates = [_parse(line) for line in islice(lines, JSON_LINES_TRIED)]
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"{printable(str(path))} cannot be read: {_one_line(error)}") from None
    return [record for record in candidates if isinstance(record, dict)]


def _parse(line: bytes) -> Any:
    try:
        return json.loads(line.removeprefix(b"\xef\xbb\xbf"))
    except (ValueError, RecursionError):
        return None


def _one_line(error: BaseException) -> str:
    return printable(" ".join(str(error).split()))[:300]
