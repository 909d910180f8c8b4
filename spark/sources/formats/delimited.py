"""CSV and TSV files with a header, compressed or not. A quoted field may hold line ends, so a file is one part."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import pyarrow as pa
import pyarrow.compute as pc

from spark.sources.arrow_types import spark_type
from spark.sources.column_names import known_types
from spark.sources.compression import compressed_suffix, created, is_compressed, with_compressions
from spark.sources.delimited_rows import Rows, inferred_schema, rows_of, separator_of
from spark.sources.delimited_values import TOKENS_TYPE, convert, stored_type
from spark.sources.internal_columns import LINE, LINE_REASON
from spark.sources.parts import ROWS_A_BATCH, CopiedPart, Part, is_kept
from spark.sources.registry import Format, ReadOptions
from spark.sources.source import FirstRows, Source
from spark.storage.paths import AnyPath

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

KEPT_BYTES = "surrogateescape"  # bytes that are no UTF-8 are copied as they are


@dataclass(frozen=True)
class DelimitedPart(Part):
    """A CSV file. types: of the columns, by name, as they are parsed. header: its own columns, in order."""

    types: Mapping[str, pa.DataType]
    header: tuple[str, ...]

    def batches(self, names: Sequence[str] | None = None, rows: int = ROWS_A_BATCH) -> Iterator[pa.RecordBatch]:
        """Yield the rows; columns are null where a row is rejected, and `LINE_REASON` says why."""
        types = {name: self.types[name] for name in (self.types if names is None else names)}
        for block in rows_of(self.path, list(types), self.header):
            batch = _judged(block, types)
            for start in range(0, len(batch), rows):
                yield batch.slice(start, rows)

    def copy_without(self, removed: NDArray[np.int64], directory: AnyPath, name: str) -> CopiedPart:
        """Write the rows that are kept, field by field, under the file's header."""
        separator = separator_of(self.path)
        suffix = ".tsv" if separator == "\t" else ".csv"
        name = f"{name}{suffix}{compressed_suffix(self.path)}"
        position = written = 0
        with created(directory / name) as stream:
            text = io.TextIOWrapper(stream, "utf-8", KEPT_BYTES, newline="")
            writer = csv.writer(text, delimiter=separator, lineterminator="\n")
            writer.writerow(self.header)
            for block in rows_of(self.path, self.header, self.header):
                kept = is_kept(removed, position, position + len(block.fields))
                columns = [column.to_pylist() for column in block.fields.filter(pa.array(kept)).columns]
                writer.writerows(
                    [value.decode("utf-8", KEPT_BYTES) for value in row] for row in zip(*columns, strict=True)
                )
                position, written = position + len(block.fields), written + int(kept.sum())
            text.flush()
            text.detach()
        return CopiedPart(name, written)


@dataclass(frozen=True)
class DelimitedSource(Source):
    """CSV files. types: of the columns, as they are parsed. headers: the columns of each file."""

    types: Mapping[str, pa.DataType]
    headers: tuple[tuple[str, ...], ...]
    rejects_rows: ClassVar[bool] = True

    def parts(self, bytes_a_part: int | None = None) -> tuple[DelimitedPart, ...]:
        """Return one part per file; their numbers of rows are unknown."""
        return tuple(
            DelimitedPart(path, None, self.types, header) for path, header in zip(self.paths, self.headers, strict=True)
        )

    def first_rows(self, count: int) -> FirstRows:
        """Return the first rows, and the number of rows estimated from the bytes of their columns."""
        table = super().first_rows(count).table
        if len(table) < count and len(self.paths) == 1:
            return FirstRows(table, len(table))
        if is_compressed(self.paths[0]) or not len(table):
            return FirstRows(table, None)
        return FirstRows(table, round(len(table) * self.bytes / max(1, table.nbytes)))


def open_delimited(paths: tuple[AnyPath, ...], options: ReadOptions | None = None) -> DelimitedSource:
    """Open CSV files; raise UserError for one without a header. A column that is missing in a file is null there."""
    schemas = [inferred_schema(path) for path in paths]
    known = known_types((options or ReadOptions()).columns)
    inferred: dict[str, list[pa.DataType]] = {}
    for field in (field for schema in schemas for field in schema):
        inferred.setdefault(field.name, []).append(field.type)
    types = {name: _type_of(known.get(name), found) for name, found in inferred.items()}
    schema = pa.schema([(name, spark_type(type_)) for name, type_ in types.items()])
    headers = tuple(tuple(each.names) for each in schemas)
    return DelimitedSource(paths, schema, None, sum(path.stat().st_size for path in paths), types, headers)


def _type_of(known: pa.DataType | None, inferred: Sequence[pa.DataType]) -> pa.DataType:
    """Return the type of a column from those inferred in each file; a role's own type where the fields fit it."""
    found = {type_ for type_ in inferred if not pa.types.is_null(type_)}
    is_number = all(pa.types.is_integer(type_) or pa.types.is_floating(type_) for type_ in found)
    if known is not None and (known in (TOKENS_TYPE, pa.string()) or (is_number and pa.float64() not in found)):
        return known
    if len(found) > 1:
        return pa.float64() if is_number else pa.string()
    return stored_type(found.pop()) if found else pa.string()


def _judged(block: Rows, types: Mapping[str, pa.DataType]) -> pa.RecordBatch:
    """Return rows in their types with `LINE` and `LINE_REASON`."""
    if block.reason is not None:
        columns = {name: pa.nulls(1, spark_type(type_)) for name, type_ in types.items()}
        kept = {LINE: pa.array([block.line], pa.binary()), LINE_REASON: pa.array([block.reason])}
        return pa.RecordBatch.from_pydict(columns | kept)
    converted = {name: convert(block.fields[name], type_) for name, type_ in types.items()}
    reasons = pa.nulls(len(block.fields), pa.string())
    for name, (_, fits) in converted.items():
        if fits is not None:
            wrong = f"column {name[:100]!r} is not of type {spark_type(types[name])}"
            reasons = pc.coalesce(reasons, pc.if_else(fits, pa.scalar(None, pa.string()), wrong))
    columns = {name: column for name, (column, _) in converted.items()}
    if reasons.null_count < len(reasons):
        columns = {name: pc.if_else(pc.is_null(reasons), each, None) for name, each in columns.items()}
    lines = [None if reason is None else _line(block.fields, row) for row, reason in enumerate(reasons.to_pylist())]
    return pa.RecordBatch.from_pydict(columns | {LINE: pa.array(lines, pa.binary()), LINE_REASON: reasons})


def _line(fields: pa.RecordBatch, row: int) -> bytes:
    """Return the fields of a row as a line of CSV."""
    text = io.StringIO()
    values = [(column[row].as_py() or b"").decode("utf-8", KEPT_BYTES) for column in fields.columns]
    csv.writer(text, lineterminator="").writerow(values)
    return text.getvalue().encode("utf-8", KEPT_BYTES)


FORMAT = Format("CSV", with_compressions(".csv", ".tsv"), open_delimited)
