"""A corpus put to Spark: one task a part, in which Python reads the part's rows itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa

from spark.session.job_descriptions import phase
from spark.sources.corpus_parts import Corpus, CorpusBatch
from spark.sources.json_lines import JsonLines
from spark.sources.table_parts import JsonLinesPart

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
        for batch in batches:
            for number in batch["id"].to_pylist():
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
    """The corpus with the number of the first line of each part, which of JSONL is known only once all were counted."""
    parts = [part for part in corpus.parts if isinstance(part, JsonLinesPart)]
    if not parts:
        return corpus
    with phase(spark, "count the lines"):
        first_rows = JsonLines(tuple(part.block for part in parts), {}).first_numbers(spark)
    numbered = [replace(part, first_row=first_row) for part, first_row in zip(parts, first_rows, strict=False)]
    return replace(corpus, parts=tuple(numbered))
