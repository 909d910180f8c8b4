"""Merge the small files of a table: a short task leaves a small file, and readers open every file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from spark.storage.paths import AnyPath, arrow_location, files_below
from spark.storage.task_files import TaskFiles

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SMALL_FILE = 8 << 20  # bytes; larger files stay as they are, so that large tables are not written twice
MERGED_FILE = 32 << 20  # bytes of a merged file, about
ROWS_A_BATCH = 10_000


def merge_small_files(spark: SparkSession, table: AnyPath) -> None:
    """Merge neighbouring small files of a table that is not published yet; the rows keep their order.

    Several merged files are written by Spark, a task each.
    """
    groups = small_neighbours({path.name: path.stat().st_size for path in files_below(table).values()})

    def merge(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for number in batch["id"].to_pylist():
                merge_files(table, groups[number])
            yield batch

    if len(groups) > 1:
        spark.range(0, len(groups), 1, len(groups)).mapInArrow(merge, "id long").collect()
    else:
        for names in groups:
            merge_files(table, names)
    for names in groups:
        for name in names:
            (table / name).unlink()


def small_neighbours(sizes: Mapping[str, int]) -> list[list[str]]:
    """Return the files to merge into one, for each merged file; neighbours in the order of their names.

    sizes: of the files, in bytes, by name.
    """
    groups: list[list[str]] = [[]]
    bytes_so_far = 0
    for name in sorted(sizes):
        is_small = sizes[name] < SMALL_FILE
        if not is_small or bytes_so_far >= MERGED_FILE:
            groups.append([])
            bytes_so_far = 0
        if is_small:
            groups[-1].append(name)
            bytes_so_far += sizes[name]
    return [names for names in groups if len(names) > 1]


def merge_files(table: AnyPath, names: Sequence[str]) -> None:
    """Write the rows of some files to one new file, which takes their place in the order of names.

    A repeated attempt writes the same file again.
    """
    merged = names[0].replace(".parquet", "-merged.parquet")
    with TaskFiles(table.parent, merged) as files:
        for name in names:
            filesystem, path = arrow_location(table / name)
            with pq.ParquetFile(path, filesystem=filesystem) as file:
                for batch in file.iter_batches(ROWS_A_BATCH):
                    files.add(table.name, pa.Table.from_batches([batch]))
