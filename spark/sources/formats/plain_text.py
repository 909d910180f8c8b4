"""Text files, compressed or not: a document a file, or a document a line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import pyarrow as pa

from spark.sources.compression import compressed_suffix, created, opened, with_compressions
from spark.sources.internal_columns import LINE, LINE_REASON
from spark.sources.json_lines import KEPT_OF_LONG_LINES, in_batches
from spark.sources.line_blocks import LONGEST_LINE, Block, blocks_of, copy_lines, first_lines, lines_of
from spark.sources.parts import ROWS_A_BATCH, CopiedPart, Part
from spark.sources.registry import FILE, Format, ReadOptions
from spark.sources.registry import LINE as EACH_LINE
from spark.sources.source import FirstRows, Source
from spark.storage.paths import AnyPath

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TEXT, FILE_NAME = "text", "file"
BYTES_A_PART, FILES_A_PART = 16 << 20, 1_000
# Bytes: whether they are text is judged for each row, as for Parquet.
LINES_SCHEMA = pa.schema([(TEXT, pa.binary())])
FILES_SCHEMA = pa.schema([(TEXT, pa.binary()), (FILE_NAME, pa.string())])


@dataclass(frozen=True)
class LinesPart(Part):
    """The lines that begin in a block of a text file; lines of spaces are no documents."""

    block: Block

    def batches(self, names: Sequence[str] | None = None, rows: int = ROWS_A_BATCH) -> Iterator[pa.RecordBatch]:
        """Yield the lines; one that is too long is rejected."""
        for lines in in_batches(lines_of(self.block), rows):
            yield _judged(lines, "line", {}, names)

    def copy_without(self, removed: NDArray[np.int64], directory: AnyPath, name: str) -> CopiedPart:
        """Write the lines that are kept as they are; compressed if the file is."""
        name = f"{name}.txt{compressed_suffix(self.path)}"
        return CopiedPart(name, copy_lines(self.block, removed, directory / name))


@dataclass(frozen=True)
class FilesPart(Part):
    """Some text files, each one document. files: their paths, and their names in the table."""

    files: tuple[tuple[AnyPath, str], ...]

    def batches(self, names: Sequence[str] | None = None, rows: int = ROWS_A_BATCH) -> Iterator[pa.RecordBatch]:
        """Yield the documents; one that is too long is rejected."""
        start = 0
        for texts in in_batches(map(_content, (path for path, _ in self.files)), rows):
            found = [name for _, name in self.files[start : start + len(texts)]]
            yield _judged(texts, "file", {FILE_NAME: pa.array(found, pa.string())}, names)
            start += len(texts)

    def copy_without(self, removed: NDArray[np.int64], directory: AnyPath, name: str) -> CopiedPart:
        """Write the documents that are kept, with their names, as JSONL: one file holds those of many."""
        gone = set(removed.tolist())
        kept = [each for position, each in enumerate(self.files) if position not in gone]
        with created(directory / f"{name}.jsonl") as stream:
            for path, file in kept:
                row = {TEXT: _content(path).decode(), FILE_NAME: file}
                stream.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")
        return CopiedPart(f"{name}.jsonl", len(kept))


@dataclass(frozen=True)
class LinesSource(Source):
    """Text files of a document a line."""

    rejects_rows: ClassVar[bool] = True

    def parts(self, bytes_a_part: int | None = None) -> tuple[LinesPart, ...]:
        """Return one part per block; a compressed file is one block."""
        return tuple(LinesPart(block.path, None, block) for block in blocks_of(self.paths, bytes_a_part))

    def first_rows(self, count: int) -> FirstRows:
        """Return the first lines, and the number of lines estimated from how many bytes these take."""
        lines, bytes_read = first_lines(self.paths[0], count)
        table = pa.Table.from_batches([_judged(lines, "line", {}, None)])
        return FirstRows(table, round(len(lines) * self.bytes / max(bytes_read, 1)))


@dataclass(frozen=True)
class FilesSource(Source):
    """Text files, each one document. sizes: of the files, in bytes."""

    sizes: tuple[int, ...]
    rejects_rows: ClassVar[bool] = True

    def parts(self, bytes_a_part: int | None = None) -> tuple[FilesPart, ...]:
        """Return parts of many small files."""
        most, base = bytes_a_part or BYTES_A_PART, len(_common_directory(self.paths))
        groups: list[list[tuple[AnyPath, str]]] = []
        filled = 0
        for path, size in zip(self.paths, self.sizes, strict=True):
            is_full = not groups or filled + size > most or len(groups[-1]) == FILES_A_PART
            # A part lies in one folder, which may be a partition.
            if is_full or groups[-1][-1][0].parent != path.parent:
                groups.append([])
                filled = 0
            groups[-1].append((path, str(path)[base:]))
            filled += size
        return tuple(FilesPart(group[0][0], len(group), tuple(group)) for group in groups)


def open_text(paths: tuple[AnyPath, ...], options: ReadOptions) -> Source:
    """Open text files, whose documents are what the options say."""
    sizes = tuple(path.stat().st_size for path in paths)
    if options.document_per != EACH_LINE:
        return FilesSource(paths, FILES_SCHEMA, len(paths), sum(sizes), sizes)
    return LinesSource(paths, LINES_SCHEMA, None, sum(sizes))


def _content(path: AnyPath) -> bytes:
    """Return the content of a file, cut off behind LONGEST_LINE bytes."""
    with opened(path) as (content, _):
        return content.read(LONGEST_LINE + 1)


def _common_directory(paths: Sequence[AnyPath]) -> str:
    """Return the directory of all paths, with the slash at its end."""
    first, last = (str(path.parent) + "/" for path in (min(paths, key=str), max(paths, key=str)))
    same = next((place for place, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
    return first[: first[:same].rindex("/") + 1]


def _judged(texts: list[bytes], unit: str, more: dict[str, pa.Array], names: Sequence[str] | None) -> pa.RecordBatch:
    """Return texts as rows, with `LINE` and `LINE_REASON`; a text is null where it is too long."""
    is_long = [len(text) > LONGEST_LINE for text in texts]
    advice = "; give --document_per line" if unit == FILE else ""
    reason = f"the {unit} is longer than {LONGEST_LINE} bytes{advice}; its first {KEPT_OF_LONG_LINES} are kept"
    columns = {
        TEXT: pa.array([None if long else text for text, long in zip(texts, is_long, strict=True)], pa.binary()),
        **more,
    }
    kept = [text[:KEPT_OF_LONG_LINES] if long else None for text, long in zip(texts, is_long, strict=True)]
    reasons = [reason if long else None for long in is_long]
    columns = {name: column for name, column in columns.items() if names is None or name in names}
    return pa.RecordBatch.from_pydict(
        columns | {LINE: pa.array(kept, pa.binary()), LINE_REASON: pa.array(reasons, pa.string())}
    )


FORMAT = Format("text", with_compressions(".txt"), open_text, is_common=True)
