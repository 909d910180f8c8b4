"""Parallel reading of a corpus: one Spark task per part, in which Python reads the rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa

from spark.session.job_descriptions import phase
from spark.sources.corpus_parts import Corpus
from spark.sources.parts import count_rows_before, part_numbers
from spark.sources.token_reader import CorpusBatch

if TYPE_CHECKING:
    from pyspark import Accumulator
    from pyspark.sql import DataFrame, SparkSession

MapBatches = Callable[[Iterator[CorpusBatch]], Iterator[pa.RecordBatch]]


def map_parts(
    spark: SparkSession, corpus: Corpus, function: MapBatches, schema: str, rows_done: Accumulator[int] | None = None
) -> DataFrame:
    """Apply a function to the batches of each part; return its output as a frame.

    schema: the schema of the output, as a Spark DDL string.
    rows_done: grows by the rows of a part when the whole part has been read.
    """
    return map_numbered_parts(spark, corpus, lambda number, batches: function(batches), schema, rows_done)


def map_numbered_parts(
    spark: SparkSession,
    corpus: Corpus,
    function: Callable[[int, Iterator[CorpusBatch]], Iterator[pa.RecordBatch]],
    schema: str,
    rows_done: Accumulator[int] | None = None,
) -> DataFrame:
    """Apply a function to the number and the batches of each part, otherwise like `map_parts`."""
    parts = corpus.parts

    def read(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for number in part_numbers(batches):
            yield from function(number, _counted(parts[number].batches()))

    def _counted(batches: Iterator[CorpusBatch]) -> Iterator[CorpusBatch]:
        rows = 0
        for batch in batches:
            rows += len(batch.sequence_ids)
            yield batch
        if rows_done is not None:
            rows_done.add(rows)

    return spark.range(0, len(parts), 1, max(1, len(parts))).mapInArrow(read, schema)


def number_lines(spark: SparkSession, corpus: Corpus) -> Corpus:
    """Return the corpus with the first row number of each part, counting the rows if any is unknown."""
    if all(part.first_row is not None for part in corpus.parts):
        return corpus
    with phase(spark, "count the lines"):
        first_rows = count_rows_before(spark, [each.part for each in corpus.parts])
    numbered = [replace(part, first_row=first) for part, first in zip(corpus.parts, first_rows, strict=True)]
    return replace(corpus, parts=tuple(numbered))
