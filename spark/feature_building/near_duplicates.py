"""Near duplicates of the rows of a corpus: how many each has, and its cluster."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from filters.contract import RaggedArray
from filters.ragged import lists_from_ragged
from spark.corpora.parts import Corpus, CorpusBatch
from spark.corpora.reading import map_parts
from spark.feature_building.writing import write_frame
from spark.job_descriptions import phase
from spark.storage import AnyPath
from utils import UserError

if TYPE_CHECKING:
    from pyspark import Accumulator
    from pyspark.sql import DataFrame, SparkSession

SEQUENCES = "sequence_id long, tokens array<int>"


@dataclass(frozen=True)
class NearDuplicateSearch:
    """The search for near duplicates in `corpus`.

    threshold: of the Jaccard similarity of two rows' sets of n-grams. ngram_tokens: of an n-gram.
    """

    corpus: Corpus
    threshold: float
    ngram_tokens: int
    directory: AnyPath

    def run(self, spark: SparkSession, table: str, rows_done: Accumulator[int]) -> dict[str, int]:
        """Writes the columns of `find_near_duplicates` for every row, in the order of ids."""
        from spark.near_duplicates import find_near_duplicates

        require_unique_ids(spark, self.corpus)
        # Where clusters of many pairs are kept between the rounds in which they are found.
        spark.sparkContext.setCheckpointDir(str(self.directory / "checkpoints"))
        found = find_near_duplicates(as_frame(spark, self.corpus), self.threshold, self.ngram_tokens)
        in_order = found.repartitionByRange("sequence_id").sortWithinPartitions("sequence_id")
        with phase(spark, "write the clusters"):
            written = write_frame(in_order, self.directory, table, _count)
        rows_done.add(written.rows)
        return {"rows": written.rows, "clustered": written.counts.get("clustered", 0)}


def require_unique_ids(spark: SparkSession, corpus: Corpus) -> None:
    """Raises UserError where two rows of a corpus have the same id."""
    if not corpus.has_ids:
        return
    with phase(spark, "look for repeated ids"):
        ids = as_frame(spark, corpus).groupBy("sequence_id").count()
        repeated = ids.where("count > 1").orderBy("sequence_id").first()
    if repeated is not None:
        raise UserError(
            f"{corpus.source}: sequence_id {repeated[0]} is there {repeated[1]} times.\n"
            "Rows are told apart by their ids: give every row one of its own, or no row."
        )


def as_frame(spark: SparkSession, corpus: Corpus) -> DataFrame:
    """The rows of a corpus as Spark's: `sequence_id`, `tokens`."""

    def rows(batches: Iterator[CorpusBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            tokens = lists_from_ragged(RaggedArray(batch.tokens.values.astype(np.int32), batch.tokens.offsets))
            yield pa.RecordBatch.from_pydict({"sequence_id": pa.array(batch.sequence_ids), "tokens": tokens})

    return map_parts(spark, corpus, rows, SEQUENCES)


def _count(table: pa.Table) -> dict[str, int]:
    return {"clustered": pc.sum(pc.greater(table["near_duplicates"], 0)).as_py() or 0}
