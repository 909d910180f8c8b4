"""Read the rows of CSV files as fields, a block at a time; rows with too few or too many fields keep their place."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.csv as pc_csv

from spark.sources.compression import opened
from spark.storage.paths import AnyPath
from utils import UserError, printable

BLOCK_BYTES = 4 << 20  # a row must fit into a block; pyarrow reads about 30 blocks ahead
SEPARATORS = {".csv": ",", ".tsv": "\t"}
FIRST_ROW = 2  # pyarrow's number of the first row after the header


class Rows(NamedTuple):
    """Consecutive rows as fields (binary columns); or one row with the wrong number of fields, and the reason."""

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


def rows_of(path: AnyPath, names: Sequence[str]) -> Iterator[Rows]:
    """Yield the rows of a file in their order; columns that it lacks are null. Raise UserError if it is damaged."""
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
    with _reader(path, options, keep) as reader:
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
def _reader(path: AnyPath, convert: pc_csv.ConvertOptions, on_wrong_row: Any) -> Iterator[Any]:
    parse = pc_csv.ParseOptions(delimiter=separator_of(path), newlines_in_values=True, invalid_row_handler=on_wrong_row)
    read = pc_csv.ReadOptions(block_size=BLOCK_BYTES, use_threads=False)  # threads would lose the rows' numbers
    with opened(path) as (content, _):
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
