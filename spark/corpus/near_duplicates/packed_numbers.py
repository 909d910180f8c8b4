"""Transfer of rows between Spark and the driver, packed into binary values of thousands of rows.

Without packing, Spark before 4.0 transfers each row on its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

ROWS_A_VALUE = 2**15  # 1 MiB for four columns, far below the size limit of a Spark message


def collect_numbers(frame: DataFrame) -> NDArray[np.int64]:
    """Return all rows of a frame as int64, shape (rows, columns); its columns must be `long` without nulls."""
    columns = len(frame.columns)
    packed = frame.mapInArrow(_pack, "packed binary").collect()
    return np.frombuffer(b"".join(row[0] for row in packed), np.int64).reshape(-1, columns)


def collect_table(frame: DataFrame) -> pa.Table:
    """Return all rows of a frame, in any order; a table without columns if there are no rows."""
    packed = frame.mapInArrow(_serialize, "packed binary").collect()
    tables = [pa.ipc.open_stream(row[0]).read_all() for row in packed]
    return pa.concat_tables(tables).combine_chunks() if tables else pa.table({})


def frame_of_numbers(spark: SparkSession, numbers: NDArray[np.int64], names: tuple[str, ...]) -> DataFrame:
    """Return a frame of `long` columns with these names; numbers: its rows, int64, shape (rows, columns)."""
    values = [(numbers[start : start + ROWS_A_VALUE].tobytes(),) for start in range(0, len(numbers), ROWS_A_VALUE)]

    def unpack(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for value in batch["packed"]:
                rows = np.frombuffer(value.as_buffer(), np.int64).reshape(-1, len(names))
                yield pa.RecordBatch.from_arrays([pa.array(column) for column in rows.T], list(names))

    packed = spark.sparkContext.parallelize(values, max(1, len(values)))
    return spark.createDataFrame(packed, "packed binary").mapInArrow(
        unpack, ", ".join(f"{name} long" for name in names)
    )


def _pack(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        rows = np.column_stack([np.asarray(column) for column in batch.columns])
        yield pa.RecordBatch.from_pydict(
            {"packed": pa.array([rows.astype(np.int64, copy=False).tobytes()], pa.binary())}
        )


def _serialize(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, batch.schema) as stream:
            stream.write_batch(batch)
        yield pa.RecordBatch.from_pydict({"packed": pa.array([sink.getvalue().to_pybytes()], pa.binary())})
