"""Near duplicates of the rows of a corpus: how many each has, and its cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from spark.corpus.frames import as_frame, require_unique_ids
from spark.corpus.table_writing import write_frame
from spark.session.job_descriptions import phase
from spark.sources.corpus_parts import Corpus
from spark.storage.paths import AnyPath

if TYPE_CHECKING:
    from pyspark import Accumulator
    from pyspark.sql import SparkSession


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
        from spark.corpus.near_duplicates.finding import find_near_duplicates

        require_unique_ids(spark, self.corpus)
        # Where clusters of many pairs are kept between the rounds in which they are found.
        spark.sparkContext.setCheckpointDir(str(self.directory / "checkpoints"))
        found = find_near_duplicates(as_frame(spark, self.corpus), self.threshold, self.ngram_tokens)
        in_order = found.repartitionByRange("sequence_id").sortWithinPartitions("sequence_id")
        with phase(spark, "write the clusters"):
            written = write_frame(in_order, self.directory, table, _count)
        rows_done.add(written.rows)
        return {"rows": written.rows, "clustered": written.counts.get("clustered", 0)}


def _count(table: pa.Table) -> dict[str, int]:
    return {"clustered": pc.sum(pc.greater(table["near_duplicates"], 0)).as_py() or 0}
