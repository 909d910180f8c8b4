"""Parquet files. Spark reads them itself; other parts are row groups."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from spark.sources.arrow_types import as_schema
from spark.sources.counted_for import CountedFor
from spark.sources.internal_columns import ROW_NUMBER
from spark.sources.parquet_files import ParquetFile, describe_parquet, difference, open_parquet_file
from spark.sources.parts import ROWS_A_BATCH, CopiedPart, Part, is_kept, part_bytes
from spark.sources.reading_errors import readable
from spark.sources.registry import Format, ReadOptions
from spark.sources.source import Source
from spark.sources.spark_names import escape_glob
from spark.storage.paths import AnyPath, arrow_location, path_of_uri
from utils import UserError, printable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from pyspark.sql import DataFrame, SparkSession

ANY_ROOT = "^file:/+"
# Verify the checksums of pages that have one; most writers leave it out.
SPARK_OPTIONS = {"parquet.page.verify-checksum.enabled": "true"}


@dataclass(frozen=True)
class ParquetPart(Part):
    """Some row groups of a Parquet file. schema: of the source, whose types the columns get."""

    schema: pa.Schema
    row_groups: tuple[int, ...]

    def batches(self, names: Sequence[str] | None = None, rows: int = ROWS_A_BATCH) -> Iterator[pa.RecordBatch]:
        """Yield the rows of the row groups."""
        columns = None if names is None else list(names)
        wanted = self.schema if columns is None else pa.schema([self.schema.field(each) for each in columns])
        with readable(self.path), open_parquet_file(self.path) as file:
            for batch in file.iter_batches(rows, row_groups=list(self.row_groups), columns=columns):
                yield as_schema(batch, wanted)

    def copy_without(self, removed: NDArray[np.int64], directory: AnyPath, name: str) -> CopiedPart:
        """Write the rows that are kept, in the file's own types."""
        target_filesystem, target = arrow_location(directory / f"{name}.parquet")
        position = rows = 0
        with (
            open_parquet_file(self.path) as file,
            pq.ParquetWriter(target, file.schema_arrow, compression="zstd", filesystem=target_filesystem) as writer,
        ):
            for batch in file.iter_batches(ROWS_A_BATCH, row_groups=list(self.row_groups)):
                kept = batch.filter(pa.array(is_kept(removed, position, position + len(batch))))
                if len(kept):
                    writer.write_batch(kept)
                position, rows = position + len(batch), rows + len(kept)
        return CopiedPart(f"{name}.parquet", rows)


@dataclass(frozen=True)
class ParquetSource(Source):
    """Parquet files of one schema. files: what their footers say."""

    files: tuple[ParquetFile, ...]

    @property
    def spark_knows_size(self) -> bool:  # type: ignore[override]
        """Whether Spark reads the files itself."""
        return all(file.is_for_spark for file in self.files)

    @property
    def counted_for(self) -> tuple[CountedFor, ...]:
        """What the values of a feature table stand for: each different record in its files; empty if they have none."""
        records = [file.counted_for for file in self.files if file.counted_for is not None]
        return tuple(record for place, record in enumerate(records) if record not in records[:place])

    def parts(self, bytes_a_part: int | None = None) -> tuple[ParquetPart, ...]:
        """Return parts of whole row groups; none holds rows of two files."""
        bytes_a_part = bytes_a_part or part_bytes(self.bytes, os.cpu_count() or 1)
        parts: list[ParquetPart] = []
        for path, file in zip(self.paths, self.files, strict=True):
            rows = file.rows_of_groups
            groups_a_part = max(1, bytes_a_part * len(rows) // max(1, file.bytes))
            for start in range(0, len(rows), groups_a_part):
                groups = tuple(range(start, min(start + groups_a_part, len(rows))))
                parts.append(ParquetPart(path, sum(rows[group] for group in groups), self.schema, groups))
        return tuple(parts)

    def read(self, spark: SparkSession, numbered: bool = False) -> DataFrame:
        """Return the rows as Spark reads them; Python reads files that Spark stops at."""
        if not self.spark_knows_size:
            return super().read(spark, numbered)
        frame = spark.read.options(**SPARK_OPTIONS).parquet(*map(escape_glob, self.paths))
        return self._with_row_numbers(frame) if numbered else frame

    def _with_row_numbers(self, frame: DataFrame) -> DataFrame:
        from pyspark.sql import functions as F  # noqa: N812

        row_in_file = F.col("_metadata.row_index")
        if len(self.paths) == 1:
            return frame.withColumn(ROW_NUMBER, row_in_file)
        rows_before = accumulate((file.rows for file in self.files), initial=0)
        first_rows = dict(zip(map(str, self.paths), rows_before, strict=False))
        # Spark writes `file:///` in one place and `file:/` in the other.
        uris = [(re.sub(ANY_ROOT, "/", uri), first_rows[path_of_uri(uri)]) for uri in frame.inputFiles()]
        first_row = frame.sparkSession.createDataFrame(uris, "_run_file string, _run_first_row long")
        file = F.regexp_replace("_metadata.file_path", ANY_ROOT, "/")
        placed = frame.withColumns({"_run_file": file, "_run_row_in_file": row_in_file})
        joined = placed.join(F.broadcast(first_row), "_run_file", "left")
        return joined.withColumn(ROW_NUMBER, F.col("_run_row_in_file") + F.col("_run_first_row"))


def open_parquet(paths: tuple[AnyPath, ...], options: ReadOptions | None = None) -> ParquetSource:
    """Open Parquet files; raise UserError for one that is damaged or whose schema differs from the first one's."""
    first, *others = files = [describe_parquet(path) for path in paths]
    for path, other in zip(paths[1:], others, strict=True):
        if found := difference(other.schema, first.schema):
            raise UserError(f"{printable(str(path))} differs from {printable(paths[0].name)}: {found}.")
    rows, size = sum(file.rows for file in files), sum(file.bytes for file in files)
    return ParquetSource(paths, first.schema, rows, size, tuple(files))


FORMAT = Format("Parquet", (".parquet",), open_parquet)
