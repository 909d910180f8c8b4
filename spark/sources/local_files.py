"""Plain Parquet and JSONL files: finding them and reading what they hold of themselves, without Spark."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Literal

import pyarrow as pa

from spark.sources.column_names import SCORE_NAMES, SEQUENCE_ID_NAMES, TEXT_NAMES, TOKENS_NAMES
from spark.sources.json_lines import record_of
from spark.sources.json_types import column_types
from spark.sources.line_blocks import first_lines
from spark.sources.parquet_files import describe_parquet, difference
from spark.storage.paths import AnyPath, files_below, is_local
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

    rows_of_files: how many rows each has, where the files say it (Parquet); None where it takes reading them (JSONL).
    """

    format: Format
    paths: tuple[AnyPath, ...]
    schema: pa.Schema
    rows_of_files: tuple[int, ...] | None
    bytes: int

    @property
    def rows(self) -> int | None:
        """The rows of all files."""
        return None if self.rows_of_files is None else sum(self.rows_of_files)


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
        return (_absolute(path),)
    inside = [each for name, each in files_below(path).items() if file_format(each) and not _is_hidden(name)]
    # A file that has several names there is read once.
    files = tuple({each.resolve(): _absolute(each) for each in reversed(inside)}.values())[::-1]
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
    first, *others = described = [describe_parquet(path) for path in paths]
    for path, other in zip(paths[1:], others, strict=True):
        if found := difference(other.schema, first.schema):
            raise UserError(f"{printable(str(path))} differs from {printable(paths[0].name)}: {found}.")
    return TableFiles(format_, paths, first.schema, tuple(each.rows for each in described), size)


def file_format(path: AnyPath) -> Format | None:
    """The format that a file's name says, None where it says none."""
    name = path.name.lower()
    return next((format_ for suffix, format_ in SUFFIXES.items() if name.endswith(suffix)), None)


def _absolute(path: AnyPath) -> AnyPath:
    """The path without links or `..` before its last part, whose suffix says how to read the file."""
    return path.parent.resolve() / path.name


def _has_colon(path: AnyPath) -> bool:
    return is_local(path) and ":" in str(path.resolve())


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
    candidates = [record_of(line) for line in first_lines(path, JSON_LINES_TRIED).lines]
    return [record for record in candidates if isinstance(record, dict)]
