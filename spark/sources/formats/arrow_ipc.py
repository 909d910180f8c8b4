"""Arrow IPC files (Feather) and streams, such as those in the folders that `datasets` saves with `save_to_disk`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa

from spark.sources.arrow_types import as_schema, spark_schema
from spark.sources.parquet_files import difference
from spark.sources.parts import ROWS_A_BATCH, CopiedPart, Part, is_kept, part_bytes
from spark.sources.reading_errors import readable
from spark.sources.registry import Format, ReadOptions
from spark.sources.source import Source
from spark.storage.paths import AnyPath, arrow_location, is_local
from utils import UserError, printable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAGIC = b"ARROW1"  # an IPC file begins with it, a stream does not


class Content(NamedTuple):
    """An open file: its schema, its number of record batches (None for a stream), and a reader of some of them."""

    schema: pa.Schema
    batch_count: int | None
    reader: Any

    def batches(self, start: int, stop: int | None) -> Iterator[pa.RecordBatch]:
        """Yield record batches, checked: Arrow itself trusts the offsets that a file states."""
        chosen = self.reader if self.batch_count is None else map(self.reader.get_batch, range(start, stop or 0))
        for batch in chosen:
            batch.validate(full=True)
            yield batch


@dataclass(frozen=True)
class ArrowPart(Part):
    """The record batches from `start` to `stop` of a file; all of a stream, where `stop` is None."""

    schema: pa.Schema
    start: int
    stop: int | None

    def batches(self, names: Sequence[str] | None = None, rows: int = ROWS_A_BATCH) -> Iterator[pa.RecordBatch]:
        """Yield the rows in the types of the source."""
        wanted = self.schema if names is None else pa.schema([self.schema.field(name) for name in names])
        with opened(self.path) as content:
            for batch in content.batches(self.start, self.stop):
                for start in range(0, len(batch), rows):
                    yield as_schema(batch.slice(start, rows), wanted)

    def count_rows(self) -> int:
        """Return the number of rows."""
        with opened(self.path) as content:
            return sum(map(len, content.batches(self.start, self.stop)))

    def copy_without(self, removed: NDArray[np.int64], directory: AnyPath, name: str) -> CopiedPart:
        """Write the rows that are kept, in the file's own types; as a file or a stream, as the file is one."""
        name = f"{name}{PurePath(self.path.name).suffix.lower()}"
        filesystem, target = arrow_location(directory / name)
        position = rows = 0
        with opened(self.path) as content, filesystem.open_output_stream(target) as stream:
            create = pa.ipc.new_stream if content.batch_count is None else pa.ipc.new_file
            with create(stream, content.schema) as writer:
                for batch in content.batches(self.start, self.stop):
                    kept = batch.filter(pa.array(is_kept(removed, position, position + len(batch))))
                    if len(kept):
                        writer.write_batch(kept)
                    position, rows = position + len(batch), rows + len(kept)
        return CopiedPart(name, rows)


@dataclass(frozen=True)
class ArrowSource(Source):
    """Arrow files of one schema. counts: of the record batches of each file; None for a stream."""

    counts: tuple[int | None, ...]

    def parts(self, bytes_a_part: int | None = None) -> tuple[ArrowPart, ...]:
        """Return parts of whole record batches; a stream is one part."""
        bytes_a_part = bytes_a_part or part_bytes(self.bytes, os.cpu_count() or 1)
        parts: list[ArrowPart] = []
        for path, count in zip(self.paths, self.counts, strict=True):
            if count is None:
                parts.append(ArrowPart(path, None, self.schema, 0, None))
                continue
            batches_a_part = max(1, bytes_a_part * count // max(1, path.stat().st_size))
            parts.extend(
                ArrowPart(path, None, self.schema, start, min(start + batches_a_part, count))
                for start in range(0, count, batches_a_part)
            )
        return tuple(parts)


def open_arrow(paths: tuple[AnyPath, ...], options: ReadOptions | None = None) -> ArrowSource:
    """Open Arrow files; raise UserError for one that is damaged or whose schema differs from the first one's."""
    schemas, counts = [], []
    for path in paths:
        with opened(path) as content:
            printable(str(content.schema))  # raises ValueError for names that are not UTF-8
            schemas.append(spark_schema(content.schema))
            counts.append(content.batch_count)
    for path, schema in zip(paths[1:], schemas[1:], strict=True):
        if found := difference(schema, schemas[0]):
            raise UserError(f"{printable(str(path))} differs from {printable(paths[0].name)}: {found}.")
    return ArrowSource(paths, schemas[0], None, sum(path.stat().st_size for path in paths), tuple(counts))


@contextmanager
def opened(path: AnyPath) -> Iterator[Content]:
    """Open an Arrow file or stream; raise UserError, with its name, if it cannot be read."""
    with readable(path), ExitStack() as stack:
        filesystem, name = arrow_location(path)
        source = stack.enter_context(pa.memory_map(name) if is_local(path) else filesystem.open_input_file(name))
        is_file = source.read(len(MAGIC)) == MAGIC
        source.seek(0)
        if is_file:
            file = stack.enter_context(pa.ipc.open_file(source))
            yield Content(file.schema, file.num_record_batches, file)
        else:
            stream = stack.enter_context(pa.ipc.open_stream(source))
            yield Content(stream.schema, None, stream)


FORMAT = Format("Arrow", (".arrow", ".feather", ".ipc"), open_arrow)
