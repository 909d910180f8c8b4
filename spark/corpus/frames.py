"""The rows of a corpus as Spark frames, for joins and grouping."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from filters.contract import RaggedArray
from filters.ragged import lists_from_ragged
from spark.corpus.parallel_reading import map_numbered_parts, map_parts
from spark.session.job_descriptions import phase
from spark.sources.corpus_parts import Corpus
from spark.sources.token_reader import CorpusBatch
from utils import UserError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

SEQUENCES = "sequence_id long, tokens array<int>"
PLACES = "sequence_id long, part long, position long, tokens long"


def require_unique_ids(spark: SparkSession, corpus: Corpus) -> None:
    """Raise UserError if two rows of the corpus have the same id."""

    def ids(batches: Iterator[CorpusBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield pa.RecordBatch.from_pydict({"sequence_id": pa.array(batch.sequence_ids)})

    if corpus.has_ids:
        require_unique(map_parts(spark, corpus, ids, "sequence_id long"), corpus.source)


def require_unique(ids: DataFrame, source: str) -> None:
    """Raise UserError if two rows have the same `sequence_id`; source: the name of the data in the error."""
    with phase(ids.sparkSession, "look for repeated ids"):
        counted = ids.groupBy("sequence_id").count()
        repeated = counted.where("count > 1").orderBy("sequence_id").first()
    if repeated is not None:
        raise UserError(
            f"{source}: expected unique ids, found sequence_id {repeated[0]} {repeated[1]} times.\n"
            "Give every row its own id, or remove the column of ids."
        )


def row_places(spark: SparkSession, corpus: Corpus) -> DataFrame:
    """Return one row per row of the corpus: `sequence_id`, `part`, `position` in the part, number of `tokens`."""

    def places(part: int, batches: Iterator[CorpusBatch]) -> Iterator[pa.RecordBatch]:
        position = 0
        for batch in batches:
            rows = len(batch.sequence_ids)
            columns = {
                "sequence_id": batch.sequence_ids,
                "part": np.full(rows, part),
                "position": np.arange(position, position + rows),
                "tokens": np.diff(batch.tokens.offsets),
            }
            yield pa.RecordBatch.from_pydict({name: pa.array(values, pa.int64()) for name, values in columns.items()})
            position += rows

    return map_numbered_parts(spark, corpus, places, PLACES)


def as_frame(spark: SparkSession, corpus: Corpus) -> DataFrame:
    """Return the rows of the corpus as a frame: `sequence_id`, `tokens`."""

    def rows(batches: Iterator[CorpusBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            tokens = lists_from_ragged(RaggedArray(batch.tokens.values.astype(np.int32), batch.tokens.offsets))
            yield pa.RecordBatch.from_pydict({"sequence_id": pa.array(batch.sequence_ids), "tokens": tokens})

    return map_parts(spark, corpus, rows, SEQUENCES)
