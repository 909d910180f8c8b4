"""Read the rows of CSV files as fields, a block at a time; rows with too few or too many fields keep their place."""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import IO, Any, NamedTuple

import pyarrow as pa
import pyarrow.csv as pc_csv

from spark.sources.compression import opened
from spark.storage.paths import AnyPath
from utils import UserError, printable

BLOCK_BYTES = 4 << 20  # a row must fit into a block; pyarrow reads about 30 blocks ahead
SEPARATORS = {".csv": ",", ".tsv": "\t"}
FIRST_ROW = 2  # pyarrow's number of the first row after the header
END = b"the end of the file"
NOT_CLOSED = "a quotation mark is not closed: the line holds the rest of the file"


class Rows(NamedTuple):
    """Consecutive rows as fields (binary columns); or one rejected row, as in the file, and the reason."""

    fields: pa.RecordBatch
    line: bytes | None = None
    reason: str | None = None


def separator_of(path: AnyPath) -> str:
    """Return the character between the fields of a file, by its name."""
    return next(separator for suffix, separator in SEPARATORS.items() if suffix in path.name.lower())


def inferred_schema(path: AnyPath) -> pa.Schema:
    """Return the columns of a file, in the types that pyarrow infers from its first block."""
    with _reader(path, pc_csv.ConvertOptions(), lambda row: "skip") as reader:
        schema: pa.Schema = reader.schema
        names = schema.names  # raises ValueError for names that are no UTF-8
    repeated = [name for name in names if names.count(name) > 1]
    if repeated:
        raise UserError(
            f"{printable(str(path))}: expected a header with the name of each column, found "
            f"{printable(repeated[0])!r} twice.\nWrite the names in the first line, each once."
        )
    return schema


def rows_of(path: AnyPath, names: Sequence[str], header: Sequence[str] | None = None) -> Iterator[Rows]:
    """Yield the rows of a file in their order; columns that it lacks are null. Raise UserError if it is damaged.

    The last row is rejected if its quotation mark is never closed: it holds the rest of the file. header: the file's
    own columns; None to read them.
    """
    end = end_row(separator_of(path), len(inferred_schema(path).names if header is None else header))
    last: Rows | None = None
    for rows in _rows_before(path, names, end):
        if last is not None and (len(rows.fields) or rows.reason is not None):
            yield last
            last = None
        last = rows if last is None else last
    if last is None or last.line == end:
        return
    yield from _without_open_row(last, end, separator_of(path))


def end_row(separator: str, fields: int) -> bytes:
    """Return a row that has not as many fields as the header: pyarrow tells it, unless it is part of a quotation."""
    return separator.encode().join([END] * (1 if fields > 1 else 2))


def _without_open_row(rows: Rows, end: bytes, separator: str) -> Iterator[Rows]:
    """Yield rows of which the last one is an open quotation, and swallowed `end`."""
    line = rows.line
    if line is None:
        yield Rows(rows.fields.slice(0, len(rows.fields) - 1))
        values = [column[-1].as_py() or b"" for column in rows.fields.columns]
        line = separator.encode().join(values)
    yield Rows(rows.fields.slice(0, 0), line.partition(b"\n" + end)[0], NOT_CLOSED)


def _rows_before(path: AnyPath, names: Sequence[str], end: bytes) -> Iterator[Rows]:
    """Yield the rows of a file, and of `end` behind it."""
    waiting: deque[Any] = deque()  # the rows of the wrong length that are read and not yielded

    def keep(row: Any) -> str:
        waiting.append(row)
        return "skip"

    options = pc_csv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.binary()),
        include_columns=list(names),
        include_missing_columns=True,
        strings_can_be_null=False,
    )
    position = 0
    with _reader(path, options, keep, end) as reader:
        empty = reader.schema.empty_table().to_batches(1) or [pa.RecordBatch.from_pylist([], reader.schema)]
        for batch in chain(reader, [None]):  # pyarrow tells of the last rows of wrong length at the end
            start = 0
            rest = empty[0] if batch is None else batch
            while waiting and (batch is None or waiting[0].number - FIRST_ROW - position <= len(rest) - start):
                wrong = waiting.popleft()
                before = max(0, wrong.number - FIRST_ROW - position)
                yield Rows(rest.slice(start, before))
                reason = f"the line has {wrong.actual_columns} fields, the header {wrong.expected_columns}"
                yield Rows(rest.slice(0, 0), wrong.text.encode(), reason)
                start, position = start + before, position + before + 1
            yield Rows(rest.slice(start))
            position += len(rest) - start


@contextmanager
def _reader(
    path: AnyPath, convert: pc_csv.ConvertOptions, on_wrong_row: Any, end: bytes | None = None
) -> Iterator[Any]:
    parse = pc_csv.ParseOptions(delimiter=separator_of(path), newlines_in_values=True, invalid_row_handler=on_wrong_row)
    read = pc_csv.ReadOptions(block_size=BLOCK_BYTES, use_threads=False)  # threads would lose the rows' numbers
    with opened(path) as (content, _):
        if end is not None:
            content = io.BufferedReader(WithEnd(content, b"\n" + end + b"\n"))
        try:
            with pc_csv.open_csv(content, read_options=read, parse_options=parse, convert_options=convert) as reader:
                yield reader
        except pa.ArrowInvalid as error:
            if "straddl" in str(error):
                raise UserError(
                    f"{printable(str(path))}: expected rows of at most {BLOCK_BYTES >> 20} MB, found a longer one.\n"
                    "Close its quotation marks, or split the row."
                ) from None
            raise


class WithEnd(io.RawIOBase):
    """A stream with some more bytes behind it."""

    def __init__(self, content: IO[bytes], end: bytes) -> None:
        self._content = content
        self._end = end

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read into a buffer; return the number of bytes, 0 at the end."""
        read = self._content.read(len(buffer))
        if not read:
            read, self._end = self._end[: len(buffer)], self._end[len(buffer) :]
        buffer[: len(read)] = read
        return len(read)
