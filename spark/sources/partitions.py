"""Hive partitions: columns whose values stand in the names of folders, such as `lang=en/part-0.parquet`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote

import pyarrow as pa

from spark.sources.parts import ROWS_A_BATCH, CopiedPart, Part
from spark.sources.source import FirstRows, Source
from spark.storage.paths import AnyPath
from utils import UserError, printable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LARGEST = 2**63 - 1
NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"  # the name that Hive and Spark give to a null


class Partition(NamedTuple):
    """The folders of a file that name columns, such as `lang=en/year=2001`, and the value of each column."""

    folder: str
    values: Mapping[str, Any]


@dataclass(frozen=True)
class PartitionedPart(Part):
    """A part of a file in a partition. columns: of the partition, in their types."""

    inner: Part
    partition: Partition
    columns: pa.Schema

    def batches(self, names: Sequence[str] | None = None, rows: int = ROWS_A_BATCH) -> Iterator[pa.RecordBatch]:
        """Yield the rows, with the columns of the partition."""
        stored = None if names is None else [name for name in names if name not in self.columns.names]
        for batch in self.inner.batches(stored or None, rows):
            columns = dict(zip(batch.schema.names, batch.columns, strict=True))
            for field in self.columns if names is None else (self.columns.field(n) for n in names if n not in columns):
                columns[field.name] = pa.repeat(pa.scalar(self.partition.values[field.name], field.type), len(batch))
            yield pa.RecordBatch.from_pydict(columns)

    def count_rows(self) -> int:
        """Return the number of rows."""
        return self.inner.count_rows()

    def copy_without(self, removed: NDArray[np.int64], directory: AnyPath, name: str) -> CopiedPart:
        """Write the rows that are kept into the same partition of another directory."""
        folder = self.partition.folder
        (directory / folder).mkdir(parents=True, exist_ok=True)
        file, rows = self.inner.copy_without(removed, directory / folder, name)
        return CopiedPart(f"{folder}/{file}", rows)


@dataclass(frozen=True)
class PartitionedSource(Source):
    """Files in partitions. inner: the files without them. partitions: by file."""

    inner: Source
    partitions: Mapping[AnyPath, Partition]
    columns: pa.Schema

    @property
    def rejects_rows(self) -> bool:  # type: ignore[override]
        """Whether single rows may be rejected."""
        return self.inner.rejects_rows

    def parts(self, bytes_a_part: int | None = None) -> tuple[PartitionedPart, ...]:
        """Return the parts of the files; none holds rows of two partitions."""
        return tuple(
            PartitionedPart(part.path, part.rows, part, self.partitions[part.path], self.columns)
            for part in self.inner.parts(bytes_a_part)
        )

    def first_rows(self, count: int) -> FirstRows:
        """Return the first rows, and about how many there are."""
        return FirstRows(super().first_rows(count).table, self.inner.first_rows(count).total)

    def complete_copy(self, directory: AnyPath, copied: Sequence[CopiedPart]) -> None:
        """Complete the files of each partition."""
        for folder in dict.fromkeys(partition.folder for partition in self.partitions.values()):
            if (directory / folder).is_dir():
                kept = [each for each in copied if each.file.rpartition("/")[0] == folder]
                names = [CopiedPart(each.file.rpartition("/")[2], each.rows) for each in kept]
                self.inner.complete_copy(directory / folder, names)


def with_partitions(
    source: Source, directory: AnyPath, taken: Sequence[str] = (), names_of: Mapping[AnyPath, str] | None = None
) -> Source:
    """Return a source with the columns that the folders below a directory name; unchanged if they name none.

    taken: names that are no such columns. names_of: the paths of the files relative to the directory, with `/`; None
    if they lie there, and not in a cache. The columns of the files go before those of the folders. Raises UserError if
    some files lie in other partitions than others do.
    """
    ignored = {*taken, *source.schema.names}
    if names_of is None:
        names_of = {path: _name_below(directory, path) for path in source.paths}
    texts = {path: _texts_of(names_of[path], ignored) for path in source.paths}
    names = list(next(iter(texts.values()), {}))
    for path, found in texts.items():
        if list(found) != names:
            raise UserError(
                f"{printable(str(directory))}: expected folders of the columns {_shown(names)} above every file, "
                f"found {_shown(list(found))} for {printable(path.name)}.\nRead each kind of folder by itself."
            )
    if not names:
        return source
    types = {name: _type_of([found[name] for found in texts.values()]) for name in names}
    columns = pa.schema(list(types.items()))
    partitions = {path: _partition(found, types) for path, found in texts.items()}
    schema = pa.schema([*source.schema, *columns])
    return PartitionedSource(source.paths, schema, source.rows, source.bytes, source, partitions, columns)


def _name_below(directory: AnyPath, path: AnyPath) -> str:
    """Return the path of a file relative to a directory; its name alone if it lies elsewhere, as by a link."""
    base, whole = f"{directory.resolve()}/", f"{path.parent}/{path.name}"
    return whole.removeprefix(base) if whole.startswith(base) else path.name


def _texts_of(name: str, ignored: set[str]) -> dict[str, str]:
    """Return the name and the text of each folder NAME=TEXT above a file."""
    pairs = [folder.partition("=") for folder in name.split("/")[:-1]]
    return {unquote(name): text for name, equals, text in pairs if name and equals and unquote(name) not in ignored}


def _type_of(texts: Sequence[str]) -> pa.DataType:
    given = [unquote(text) for text in texts if text != NULL_PARTITION]
    return pa.int64() if given and all(map(_is_number, given)) else pa.string()


def _is_number(text: str) -> bool:
    """Return whether a text is a whole number as Python writes it: `007` is a name."""
    digits = text.removeprefix("-")
    return digits.isascii() and digits.isdigit() and str(int(text)) == text and abs(int(text)) <= LARGEST


def _partition(texts: Mapping[str, str], types: Mapping[str, pa.DataType]) -> Partition:
    values: dict[str, Any] = {}
    for name, text in texts.items():
        value = unquote(text)
        values[name] = None if text == NULL_PARTITION else int(value) if pa.types.is_int64(types[name]) else value
    return Partition("/".join(f"{name}={text}" for name, text in texts.items()), values)


def _shown(names: Sequence[str]) -> str:
    return ", ".join(f"`{printable(name)}`" for name in names) or "none"
