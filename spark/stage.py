"""The one Python stage of a split: Arrow batches in, measured (or refused) rows out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from filters.contract import Filter
from filters.measuring import MeasuredBatch, Resources, measure_batch, rejections
from filters.validity import Reasons, first_reasons, is_measured

if TYPE_CHECKING:
    from pyspark import Broadcast
    from pyspark.sql import DataFrame
    from pyspark.sql.types import DataType, StructType

# What the loading step already knows against a row; null for most.
REJECTION = "_rejection"
REASON = "reason"


@dataclass(frozen=True)
class Stage:
    """The measuring of one split, in the form that travels to the workers.

    filters: those that are computed here, not joined.
    """

    filters: tuple[Filter, ...]
    resources: Broadcast[Resources]

    def measure(self, frame: DataFrame) -> DataFrame:
        """The rows that can be measured, with the columns of the filters; none of the others."""
        return frame.mapInArrow(self._measure_batches, self._measured_schema(frame))

    def reject(self, frame: DataFrame) -> DataFrame:
        """The rows that cannot be measured, as they came (text as its bytes), with the reason."""
        return frame.mapInArrow(self._reject_batches, self._rejected_schema(frame))

    def _measure_batches(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            measured = self._measured(batch)
            kept = batch.filter(pa.array(is_measured(measured.reasons)))
            columns = {name: kept[name] for name in kept.schema.names if name != REJECTION}
            if measured.tokens is not None:
                columns["tokens"] = measured.tokens
            yield pa.RecordBatch.from_pydict(columns | dict(measured.columns))

    def _reject_batches(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            reasons = first_reasons(
                _known_reasons(batch), rejections(_tokens(batch), _text(batch), self.resources.value)
            )
            refused = ~is_measured(reasons)
            kept = batch.filter(pa.array(refused))
            columns = {name: kept[name] for name in kept.schema.names if name != REJECTION}
            if "text" in columns:
                columns["text"] = columns["text"].cast(pa.binary())
            yield pa.RecordBatch.from_pydict({**columns, REASON: pa.array(reasons[refused], pa.string())})

    def _measured(self, batch: pa.RecordBatch) -> MeasuredBatch:
        try:
            return self._measure_rows(batch)
        except Exception as error:
            raise RuntimeError(self._blame(batch, error)) from None

    def _measure_rows(self, batch: pa.RecordBatch) -> MeasuredBatch:
        return measure_batch(_tokens(batch), _text(batch), self.filters, self.resources.value, _known_reasons(batch))

    def _blame(self, batch: pa.RecordBatch, error: Exception) -> str:
        """Which row and which filter the error comes from, found by halving the batch."""
        while len(batch) > 1:
            half = batch.slice(0, len(batch) // 2)
            batch = half if self._fails(half) else batch.slice(len(batch) // 2)
        guilty = [each.name for each in self.filters if Stage((each,), self.resources)._fails(batch)]
        where = f"sequence_id {batch['sequence_id'][0].as_py()}" if len(batch) else "an empty batch"
        return f"{', '.join(guilty) or 'measuring'} failed on {where}: {type(error).__name__}: {error}"

    def _fails(self, batch: pa.RecordBatch) -> bool:
        try:
            self._measure_rows(batch)
        except Exception:
            return True
        return False

    def _measured_schema(self, frame: DataFrame) -> StructType:
        from pyspark.sql.types import ArrayType, IntegerType, StructField, StructType

        types: dict[str, DataType] = {f.name: f.dataType for f in frame.schema if f.name != REJECTION}
        if "tokens" in types or self.resources.value.vocabulary is not None:
            types["tokens"] = ArrayType(IntegerType())
        types |= {c.name: spark_type(c.type) for each in self.filters for c in each.columns}
        return StructType([StructField(name, type_) for name, type_ in types.items()])

    def _rejected_schema(self, frame: DataFrame) -> StructType:
        from pyspark.sql.types import BinaryType, StringType, StructField, StructType

        types: dict[str, DataType] = {f.name: f.dataType for f in frame.schema if f.name != REJECTION}
        if "text" in types:
            types["text"] = BinaryType()
        types[REASON] = StringType()
        return StructType([StructField(name, type_) for name, type_ in types.items()])


def spark_type(arrow_type: pa.DataType) -> DataType:
    """The Spark type of a metric's Arrow type."""
    from pyspark.sql import types

    if pa.types.is_list(arrow_type):
        return types.ArrayType(spark_type(arrow_type.value_type))
    by_name = {
        "bool": types.BooleanType(),
        "int32": types.IntegerType(),
        "int64": types.LongType(),
        "double": types.DoubleType(),
        "string": types.StringType(),
    }
    return by_name[str(arrow_type)]


def _tokens(batch: pa.RecordBatch) -> pa.ListArray | None:
    return batch["tokens"] if "tokens" in batch.schema.names else None


def _text(batch: pa.RecordBatch) -> pa.StringArray | None:
    return batch["text"] if "text" in batch.schema.names else None


def _known_reasons(batch: pa.RecordBatch) -> Reasons:
    if batch[REJECTION].null_count == len(batch):
        return np.full(len(batch), None, object)
    return np.array(batch[REJECTION].to_pylist(), object)
