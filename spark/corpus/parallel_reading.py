"""A corpus put to Spark: one task a part, in which Python reads the part's rows itself."""

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

Work = Callable[[Iterator[CorpusBatch]], Iterator[pa.RecordBatch]]


def map_parts(
    spark: SparkSession, corpus: Corpus, work: Work, schema: str, rows_done: Accumulator[int] | None = None
) -> DataFrame:
    """What `work` makes of the batches of each part, in rows of a schema as Spark writes it.

    rows_done: grows by the rows of a part when it has been read.
    """
    return map_numbered_parts(spark, corpus, lambda number, batches: work(batches), schema, rows_done)


def map_numbered_parts(
    spark: SparkSession,
    corpus: Corpus,
    work: Callable[[int, Iterator[CorpusBatch]], Iterator[pa.RecordBatch]],
    schema: str,
    rows_done: Accumulator[int] | None = None,
) -> DataFrame:
    """The same of work that is told the number of the part, too."""
    parts = corpus.parts

    def read(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for number in part_numbers(batches):
            yield from work(number, _counted(parts[number].batches()))

    def _counted(batches: Iterator[CorpusBatch]) -> Iterator[CorpusBatch]:
        rows = 0
        for batch in batches:
            rows += len(batch.sequence_ids)
            yield batch
        if rows_done is not None:
            rows_done.add(rows)

    return spark.range(0, len(parts), 1, max(1, len(parts))).mapInArrow(read, schema)


def number_lines(spark: SparkSession, corpus: Corpus) -> Corpus:
    """Return the corpus with the number of the first row of each part; count the rows if a part does not know them."""
    if all(part.first_row is not None for part in corpus.parts):
        return corpus
    with phase(spark, "count the lines"):
        first_rows = count_rows_before(spark, [each.part for each in corpus.parts])
    numbered = [replace(part, first_row=first) for part, first in zip(corpus.parts, first_rows, strict=True)]
    return replace(corpus, parts=tuple(numbered))
