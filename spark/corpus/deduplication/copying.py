"""A copy of a corpus without some rows, in the same format and order, with all columns of the remaining rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from pyspark.sql import functions as F  # noqa: N812

from spark.sources.corpus_parts import Corpus
from spark.sources.parts import CopiedPart
from spark.storage.paths import AnyPath
from spark.storage.task_files import task_file_name

if TYPE_CHECKING:
    from pyspark import Accumulator
    from pyspark.sql import DataFrame, SparkSession

COPIED = "part long, file string, rows long"


def copy_without(
    spark: SparkSession, corpus: Corpus, removed: DataFrame, directory: AnyPath, rows_done: Accumulator[int]
) -> int:
    """Write the remaining rows of a corpus into a new directory; return their number.

    removed: `part` and `position` of each row to leave out, both `long`, as in `row_places`.
    rows_done: grows by the rows of each part that is read.

    Each part becomes one file, numbered in the order of parts; a part without remaining rows becomes no file. Rows of a
    corpus with ids keep them. Without ids, the id of a row is its number, so it changes.
    """
    parts = corpus.parts
    positions = removed.groupBy("part").agg(F.sort_array(F.collect_list("position")).alias("removed"))
    tasks = spark.range(len(parts)).withColumnRenamed("id", "part").join(positions, "part", "left")

    def copy(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for part, leave_out in zip(batch["part"].to_pylist(), batch["removed"], strict=True):
                positions = np.asarray(leave_out.values) if leave_out.is_valid else np.empty(0, np.int64)
                attempt = task_file_name().removesuffix(".parquet")
                copied = parts[part].copy_without(positions, directory, f"{part:05d}-{attempt}")
                rows_done.add(copied.rows + len(positions))
                yield pa.RecordBatch.from_pydict({"part": [part], "file": [copied.file], "rows": [copied.rows]})

    directory.mkdir(parents=True, exist_ok=True)
    in_order = tasks.repartitionByRange(max(1, len(parts)), "part")
    reports = sorted(in_order.mapInArrow(copy, COPIED).collect())
    written = [CopiedPart(file, rows) for _, file, rows in reports if rows]
    corpus.files.complete_copy(directory, written)
    return sum(each.rows for each in written)
