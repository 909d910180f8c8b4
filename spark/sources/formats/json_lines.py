"""JSONL files, compressed or not. Python reads them, and judges every line by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import pyarrow as pa

from spark.sources.column_names import known_types
from spark.sources.compression import compressed_suffix, with_compressions
from spark.sources.json_lines import in_batches, parse_lines, record_of
from spark.sources.json_types import column_types
from spark.sources.line_blocks import Block, blocks_of, copy_lines, first_lines, lines_of
from spark.sources.parts import ROWS_A_BATCH, CopiedPart, Part
from spark.sources.registry import Format, ReadOptions
from spark.sources.source import FirstRows, Source
from spark.storage.paths import AnyPath
from utils import UserError, printable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LINES_TRIED = 1_000


@dataclass(frozen=True)
class JsonLinesPart(Part):
    """The lines that begin in a block of a JSONL file. schema: of the source."""

    schema: pa.Schema
    block: Block

    def batches(self, names: Sequence[str] | None = None, rows: int = ROWS_A_BATCH) -> Iterator[pa.RecordBatch]:
        """Yield the lines; columns are null where a line is rejected, and `LINE_REASON` says why."""
        types = types_of(self.schema, names)
        for lines in in_batches(lines_of(self.block), rows):
            yield pa.RecordBatch.from_pydict(parse_lines(lines, types, has_others=names is not None))

    def count_rows(self) -> int:
        """Return the number of lines, which are not parsed."""
        return sum(1 for _ in lines_of(self.block))

    def copy_without(self, removed: NDArray[np.int64], directory: AnyPath, name: str) -> CopiedPart:
        """Write the lines that are kept as they are; compressed if the file is."""
        name = f"{name}.jsonl{compressed_suffix(self.path)}"
        return CopiedPart(name, copy_lines(self.block, removed, directory / name))


@dataclass(frozen=True)
class JsonLinesSource(Source):
    """JSONL files; their columns are those of their first lines."""

    rejects_rows: ClassVar[bool] = True

    def parts(self, bytes_a_part: int | None = None) -> tuple[JsonLinesPart, ...]:
        """Return one part per block; a compressed file is one block."""
        return tuple(
            JsonLinesPart(block.path, None, self.schema, block) for block in blocks_of(self.paths, bytes_a_part)
        )

    def first_rows(self, count: int) -> FirstRows:
        """Return the first lines, and the number of lines estimated from how many bytes these take."""
        lines, bytes_read = first_lines(self.paths[0], count)
        table = pa.table(parse_lines(lines, types_of(self.schema)))
        return FirstRows(table, round(len(lines) * self.bytes / max(bytes_read, 1)))


def types_of(schema: pa.Schema, names: Sequence[str] | None = None) -> Mapping[str, pa.DataType]:
    """Return the types of some columns, by name; of all columns if `names` is None."""
    return {name: schema.field(name).type for name in (schema.names if names is None else names)}


def open_json_lines(paths: tuple[AnyPath, ...], options: ReadOptions | None = None) -> JsonLinesSource:
    """Open JSONL files; raise UserError if the first lines hold no JSON object."""
    lines = [line for path in paths for line in first_lines(path, LINES_TRIED).lines]
    schema = schema_of(paths, lines, options or ReadOptions())
    return JsonLinesSource(paths, schema, None, sum(path.stat().st_size for path in paths))


def schema_of(paths: tuple[AnyPath, ...], lines: list[bytes], options: ReadOptions) -> pa.Schema:
    """Return the columns of some lines of the files; raise UserError if the lines hold no JSON object."""
    records = [record for record in map(record_of, lines) if isinstance(record, dict)]
    if not records:
        shown = printable(str(paths[0]))
        raise UserError(f"{shown}: expected one JSON object a line; its first lines hold none.")
    return pa.schema(list(column_types(records, known_types(options.columns)).items()))


FORMAT = Format("JSONL", with_compressions(".jsonl", ".ndjson"), open_json_lines)
