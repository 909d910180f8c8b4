"""What can be read: the one protocol of sequences, corpora and feature tables.

A format is one module in `spark/sources/formats/`: a `Source`, its `Part`, and a `FORMAT` that says which files it
reads. It implements `Source.parts`, `Part.batches` and `Part.copy_without`; everything else has a default here.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import pyarrow as pa

from filters.input_types import is_readable
from spark.sources.counted_for import CountedFor
from spark.sources.internal_columns import LINE, LINE_REASON, ROW_NUMBER
from spark.sources.parts import CopiedPart, Part, count_rows_before, part_numbers, require_none_rejected
from spark.storage.paths import AnyPath
from spark.storage.task_files import keep_only

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

EVERY_FILE = "*"
REJECTED_COLUMNS = ((LINE, pa.binary()), (LINE_REASON, pa.string()))


class FirstRows(NamedTuple):
    """The first rows of a source, and about how many it has; None if that cannot be told from them."""

    table: pa.Table
    total: int | None


@dataclass(frozen=True)
class Source(ABC):
    """A table in one or several files, found and checked.

    paths: its files, in the order of their names. schema: its columns, in types that Parquet and Spark have.
    rows: the number of rows, None if it takes reading them. bytes: the total size of the files.
    """

    paths: tuple[AnyPath, ...]
    schema: pa.Schema
    rows: int | None
    bytes: int

    # Whether single rows may be rejected; then `read` gives them with `LINE` and `LINE_REASON`.
    rejects_rows: ClassVar[bool] = False
    rejected_columns: ClassVar[tuple[tuple[str, pa.DataType], ...]] = REJECTED_COLUMNS
    # Whether Spark can tell how large the frame of `read` is, and so may broadcast it in a join.
    spark_knows_size: ClassVar[bool] = False
    # Whether the token ids of a corpus are checked against the vocabulary, where a tokenizer is known.
    checks_vocabulary: ClassVar[bool] = True

    @property
    def counted_for(self) -> tuple[CountedFor, ...]:
        """What the values of a feature table stand for: each different record in its files; empty if they have none."""
        return ()

    @abstractmethod
    def parts(self, bytes_a_part: int | None = None) -> tuple[Part, ...]:
        """Return the parts, in order. bytes_a_part: about how long each is; None to let the format choose."""

    def first_rows(self, count: int) -> FirstRows:
        """Return the first rows, at most `count`, and about how many there are; raise UserError for damaged files."""
        batches = (batch for part in self.parts() for batch in part.batches(rows=count))
        first = next((batch.slice(0, count) for batch in batches if len(batch)), None)
        table = self.schema.empty_table() if first is None else pa.Table.from_batches([first])
        return FirstRows(table, self.rows)

    def read(self, spark: SparkSession, numbered: bool = False) -> DataFrame:
        """Return all rows as a frame: every column of a type that Spark has, and `ROW_NUMBER`.

        numbered: whether `ROW_NUMBER` counts the rows, from 0 through all files; else it may be missing or wrong.
        """
        from pyspark.sql.pandas.types import from_arrow_schema

        parts = self.parts()
        names = [field.name for field in self.schema if is_readable(field.type)]
        chosen = None if len(names) == len(self.schema) else names
        first_rows = count_rows_before(spark, parts) if numbered else None

        def rows_of(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            for number in part_numbers(batches):
                row = first_rows[number] if first_rows else 0
                for batch in parts[number].batches(chosen):
                    yield _with_row_numbers(batch, row)
                    row += len(batch)

        rejected = self.rejected_columns if self.rejects_rows else ()
        fields = [self.schema.field(name) for name in names]
        schema = pa.schema([*fields, *(pa.field(*each) for each in rejected), pa.field(ROW_NUMBER, pa.int64())])
        return spark.range(0, len(parts), 1, max(1, len(parts))).mapInArrow(rows_of, from_arrow_schema(schema))

    def read_columns(self, names: Sequence[str]) -> pa.Table:
        """Return some columns of a table that fits into memory; raise UserError for a damaged file or a bad row."""
        batches = []
        for part in self.parts():
            for batch in part.batches():
                require_none_rejected(batch, part.path)
                batches.append(batch.select(names))
        return pa.Table.from_batches(batches, pa.schema([self.schema.field(name) for name in names]))

    def complete_copy(self, directory: AnyPath, copied: Sequence[CopiedPart]) -> None:
        """Turn the files that `Part.copy_without` wrote into a corpus of this format; remove what else is there.

        copied: the files that count, in the order of their parts.
        """
        keep_only(directory, (each.file for each in copied), EVERY_FILE)
        for number, each in enumerate(copied):
            suffix = each.file.partition(".")[2]
            (directory / each.file).rename(directory / f"part-{number:05d}.{suffix}")  # type: ignore[arg-type]


def _with_row_numbers(batch: pa.RecordBatch, first_row: int) -> pa.RecordBatch:
    numbers = pa.array(range(first_row, first_row + len(batch)), pa.int64())
    return pa.RecordBatch.from_arrays([*batch.columns, numbers], [*batch.schema.names, ROW_NUMBER])
