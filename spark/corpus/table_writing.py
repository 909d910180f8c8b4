"""Feature tables written by the tasks that make them, each task a file, as `spark.metrics.stage` writes the metrics."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from spark.corpus.parallel_reading import map_parts
from spark.sources.corpus_parts import Corpus
from spark.sources.token_reader import CorpusBatch
from spark.storage.paths import AnyPath, arrow_location
from spark.storage.task_files import TaskFiles, add_up, keep_only, task_file_name

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

REPORT = "report string"


class WrittenFrame(NamedTuple):
    """A table that was written. rows: of it. counts: what was counted on the way."""

    rows: int
    counts: Mapping[str, int]


def write_parts(
    spark: SparkSession,
    corpus: Corpus,
    make: Callable[[CorpusBatch], tuple[pa.Table, dict[str, int]]],
    directory: AnyPath,
    name: str,
) -> WrittenFrame:
    """Writes what `make` makes of each batch of a corpus into the table of this name, and adds up what it counts."""

    def write(batches: Iterator[CorpusBatch]) -> Iterator[pa.RecordBatch]:
        return _written(map(make, batches), directory, name)

    (directory / name).mkdir(parents=True, exist_ok=True)
    return _collected(map_parts(spark, corpus, write, REPORT), directory / name)


def write_frame(
    frame: DataFrame, directory: AnyPath, name: str, count: Callable[[pa.Table], dict[str, int]] = lambda _: {}
) -> WrittenFrame:
    """Writes the rows of a frame into the table of this name, and adds up what `count` counts in them.

    Without rows the table is one file, which knows its columns.
    """
    from pyspark.sql.pandas.types import to_arrow_schema

    def write(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        tables = (pa.Table.from_batches([batch]).cast(_with_nulls(batch.schema)) for batch in batches)
        return _written(((table, count(table)) for table in tables), directory, name)

    (directory / name).mkdir(parents=True, exist_ok=True)
    written = _collected(frame.mapInArrow(write, REPORT), directory / name)
    if not written.rows:
        write_one_file(_with_nulls(to_arrow_schema(frame.schema)).empty_table(), directory, name)
    return written


def write_one_file(table: pa.Table, directory: AnyPath, name: str) -> None:
    """Writes a table that the driver holds."""
    (directory / name).mkdir(parents=True, exist_ok=True)
    filesystem, path = arrow_location(directory / name / "part-00000.parquet")
    pq.write_table(table, path, compression="zstd", filesystem=filesystem)


def _with_nulls(schema: pa.Schema) -> pa.Schema:
    """The schema as other tables have it, whose columns may hold nulls even where none does."""
    return pa.schema([field.with_nullable(True).remove_metadata() for field in schema])


def _written(
    tables: Iterator[tuple[pa.Table, dict[str, int]]], directory: AnyPath, name: str
) -> Iterator[pa.RecordBatch]:
    """Writes the tables of one task; gives one row, its report."""
    file_name = task_file_name()
    counts: Counter[str] = Counter()
    with TaskFiles(directory, file_name) as files:
        for table, counted in tables:
            files.add(name, table)
            counts.update(counted, rows=len(table))
    yield pa.RecordBatch.from_pydict({"report": [json.dumps({"file": file_name, "counts": counts})]})


def _collected(reports: DataFrame, table: AnyPath) -> WrittenFrame:
    found = [json.loads(row[0]) for row in reports.collect()]
    keep_only(table, (report["file"] for report in found))
    counts = add_up(report["counts"] for report in found)
    return WrittenFrame(counts.pop("rows", 0), counts)
