"""Writing of feature tables: each Spark task writes one file, as `spark.metrics.stage` does for the metrics."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from spark.corpus.parallel_reading import map_parts
from spark.session.job_descriptions import MERGE_FILES, phase
from spark.sources.corpus_parts import Corpus
from spark.sources.counted_for import CountedFor
from spark.sources.token_reader import CorpusBatch
from spark.storage.merging import merge_small_files
from spark.storage.paths import AnyPath, arrow_location
from spark.storage.task_files import TaskFiles, add_up, keep_only, task_file_name

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

REPORT = "report string"


class WrittenFrame(NamedTuple):
    """A table that was written. rows: number of its rows. counts: counts added up while writing, by name."""

    rows: int
    counts: Mapping[str, int]


def write_parts(
    spark: SparkSession,
    corpus: Corpus,
    make: Callable[[CorpusBatch], tuple[pa.Table, dict[str, int]]],
    directory: AnyPath,
    name: str,
) -> WrittenFrame:
    """Write the table that `make` returns for each batch of the corpus, and add up the counts that it returns."""

    def write(batches: Iterator[CorpusBatch]) -> Iterator[pa.RecordBatch]:
        return _write_task(map(make, batches), directory, name)

    (directory / name).mkdir(parents=True, exist_ok=True)
    return _collect_reports(map_parts(spark, corpus, write, REPORT), directory / name)


def write_frame(
    frame: DataFrame,
    directory: AnyPath,
    name: str,
    count: Callable[[pa.Table], dict[str, int]] = lambda _: {},
    record: CountedFor | None = None,
) -> WrittenFrame:
    """Write the rows of a frame as the table `name`, and add up the counts that `count` returns for them.

    A frame without rows becomes one empty file with the columns of the frame. record: written into every file.
    """
    from pyspark.sql.pandas.types import to_arrow_schema

    def write(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        tables = (pa.Table.from_batches([batch]).cast(_written_schema(batch.schema, record)) for batch in batches)
        return _write_task(((table, count(table)) for table in tables), directory, name)

    (directory / name).mkdir(parents=True, exist_ok=True)
    written = _collect_reports(frame.mapInArrow(write, REPORT), directory / name)
    with phase(frame.sparkSession, MERGE_FILES):
        merge_small_files(frame.sparkSession, directory / name)
    if not written.rows:
        write_one_file(_written_schema(to_arrow_schema(frame.schema)).empty_table(), directory, name, record)
    return written


def write_one_file(table: pa.Table, directory: AnyPath, name: str, record: CountedFor | None = None) -> None:
    """Write a table from the memory of the driver, as the table `name` with one file. record: written into it."""
    (directory / name).mkdir(parents=True, exist_ok=True)
    filesystem, path = arrow_location(directory / name / "part-00000.parquet")
    recorded = table.replace_schema_metadata(record and record.as_metadata())
    pq.write_table(recorded, path, compression="zstd", filesystem=filesystem)


def _written_schema(schema: pa.Schema, record: CountedFor | None = None) -> pa.Schema:
    """Return the schema with nullable columns, as in the other tables, and no metadata but the record."""
    columns = [field.with_nullable(True).remove_metadata() for field in schema]
    return pa.schema(columns, record and record.as_metadata())


def _write_task(
    tables: Iterator[tuple[pa.Table, dict[str, int]]], directory: AnyPath, name: str
) -> Iterator[pa.RecordBatch]:
    """Write the tables of one task; yield its report, as one row."""
    file_name = task_file_name()
    counts: Counter[str] = Counter()
    with TaskFiles(directory, file_name) as files:
        for table, counted in tables:
            files.add(name, table)
            counts.update(counted, rows=len(table))
    yield pa.RecordBatch.from_pydict({"report": [json.dumps({"file": file_name, "counts": counts})]})


def _collect_reports(reports: DataFrame, table: AnyPath) -> WrittenFrame:
    """Remove the files of failed attempts; return the sums of the counts."""
    collected = [json.loads(row[0]) for row in reports.collect()]
    keep_only(table, (report["file"] for report in collected))
    counts = add_up(report["counts"] for report in collected)
    return WrittenFrame(counts.pop("rows", 0), counts)
