"""Plain Parquet and JSONL files: finding them and reading what they hold of themselves, without Spark."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from utils import UserError, printable

Format = Literal["parquet", "json"]
SUFFIXES: dict[str, Format] = {
    ".parquet": "parquet",
    ".jsonl": "json",
    ".ndjson": "json",
    ".jsonl.gz": "json",
    ".ndjson.gz": "json",
}
JSON_LINES_TRIED = 100


@dataclass(frozen=True)
class TableFiles:
    """The files of one table, in the order of their names.

    rows: their number where the files say it (Parquet); None where it takes reading them (JSONL).
    """

    format: Format
    paths: tuple[Path, ...]
    schema: pa.Schema
    rows: int | None
    bytes: int


def find_files(path: Path) -> tuple[Path, ...]:
    """The data files at a path; raises UserError where there are none, or both Parquet and JSONL."""
    shown = printable(str(path))
    if not path.exists():
        raise UserError(f"{shown}: no such file or directory.\nKnown datasets besides paths: see --help.")
    if path.is_file():
        if file_format(path) is None:
            raise UserError(f"{shown}: expected a file named {', '.join(SUFFIXES)}.")
        return (path.resolve(),)
    inside = (each for each in sorted(path.rglob("*")) if not _is_hidden(each.relative_to(path)))
    files = tuple(each.resolve() for each in inside if each.is_file() and file_format(each))
    if not files:
        raise UserError(f"{shown}: found no file named {', '.join(SUFFIXES)} in this directory.")
    if len({file_format(each) for each in files}) > 1:
        raise UserError(f"{shown}: found Parquet and JSONL files together; give the path of one kind.")
    return files


def describe_files(paths: tuple[Path, ...]) -> TableFiles:
    """What the files hold; raises UserError for one that is damaged or differs from the others."""
    format_ = file_format(paths[0]) or "parquet"
    size = sum(path.stat().st_size for path in paths)
    if format_ == "json":
        return TableFiles(format_, paths, _json_schema(paths), None, size)
    schema, rows = None, 0
    for path in paths:
        try:
            with pq.ParquetFile(path) as file:
                found, rows = file.schema_arrow, rows + file.metadata.num_rows
        except (OSError, pa.ArrowException) as error:
            raise UserError(f"{printable(str(path))} is no readable Parquet file: {_one_line(error)}") from None
        if schema is not None and not found.equals(schema):
            raise UserError(f"{printable(str(path))}: its columns differ from those of {paths[0].name}.")
        schema = found
    assert schema is not None
    return TableFiles(format_, paths, schema, rows, size)


def file_format(path: Path) -> Format | None:
    """The format that a file's name says, None where it says none."""
    name = path.name.lower()
    return next((format_ for suffix, format_ in SUFFIXES.items() if name.endswith(suffix)), None)


def _is_hidden(path: Path) -> bool:
    return any(part.startswith((".", "_")) for part in path.parts)


def _json_schema(paths: tuple[Path, ...]) -> pa.Schema:
    """The columns and types that the first lines agree on; the rest of the lines is judged one by one."""
    records = [record for path in paths[:1] for record in _first_records(path)]
    if not records:
        raise UserError(f"{printable(str(paths[0]))}: expected one JSON object a line, found none in the beginning.")
    names = dict.fromkeys(name for record in records for name in record)
    return pa.schema([(name, _json_type([record.get(name) for record in records])) for name in names])


def _first_records(path: Path) -> list[dict[str, Any]]:
    try:
        with _open_lines(path) as lines:
            candidates = [_parse(line) for line in islice(lines, JSON_LINES_TRIED)]
    except OSError as error:
        raise UserError(f"{printable(str(path))} cannot be read: {_one_line(error)}") from None
    return [record for record in candidates if isinstance(record, dict)]


def _open_lines(path: Path) -> IO[bytes]:
    return gzip.open(path, "rb") if path.name.endswith(".gz") else path.open("rb")  # type: ignore[return-value]


def _parse(line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _json_type(values: list[Any]) -> pa.DataType:
    """The Arrow type of the first value that fits one; a column of nothing but nulls counts as text."""
    for value in values:
        if value is not None:
            try:
                return pa.array([value]).type
            except (pa.ArrowException, OverflowError):
                continue
    return pa.string()


def _one_line(error: BaseException) -> str:
    return printable(" ".join(str(error).split()))[:300]
