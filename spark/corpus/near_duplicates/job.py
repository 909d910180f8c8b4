"""The job that counts the near duplicates of each sequence of a corpus and finds its cluster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from filters.contract import Column
from filters.feature_tables import NEAR_DUPLICATES
from spark.corpus.frames import as_frame, require_unique_ids
from spark.corpus.job import BYTES_OF_A_COUNT, ID, Counts, FeatureJob
from spark.corpus.parallel_reading import number_lines
from spark.corpus.table_writing import write_frame
from spark.runs.options import CUT_OPTIONS
from spark.session.job_descriptions import phase
from spark.storage.paths import AnyPath

if TYPE_CHECKING:
    from pyspark import Accumulator
    from pyspark.sql import SparkSession


@dataclass(frozen=True)
class NearDuplicates(FeatureJob):
    """The number of near duplicates of each row of the corpus, and its cluster."""

    feature = NEAR_DUPLICATES.name
    options = ("jaccard_threshold", "ngram_tokens", *CUT_OPTIONS)
    of_rows = True
    output_columns = (
        ID,
        Column(
            NEAR_DUPLICATES.name,
            pa.int64(),
            "number of other sequences whose n-grams have at least the threshold of Jaccard similarity with its own",
        ),
        *NEAR_DUPLICATES.columns[1:],
    )

    def estimated_bytes(self) -> int | None:
        """Return the size of the table: four numbers per row."""
        return None if self.corpus.rows is None else 2 * BYTES_OF_A_COUNT * self.corpus.rows

    def build(
        self, spark: SparkSession, directory: AnyPath, tables: Sequence[str], rows_done: Accumulator[int]
    ) -> Counts:
        """Write one table: the columns of `find_near_duplicates`, one row per row of the corpus, ordered by id."""
        from spark.corpus.near_duplicates.counting import find_near_duplicates

        corpus, configuration = number_lines(spark, self.corpus), self.configuration
        require_unique_ids(spark, corpus)
        # Large sets of pairs are clustered in rounds; each round is written to this directory.
        spark.sparkContext.setCheckpointDir(str(directory / "checkpoints"))
        sequences = as_frame(spark, corpus)
        found = find_near_duplicates(sequences, configuration.jaccard_threshold, configuration.ngram_tokens)
        in_order = found.repartitionByRange("sequence_id").sortWithinPartitions("sequence_id")
        with phase(spark, "write the clusters"):
            written = write_frame(in_order, directory, tables[0], _count, self.record)
        rows_done.add(written.rows)
        return {tables[0]: {"rows": written.rows, "clustered": written.counts.get("clustered", 0)}}


def _count(table: pa.Table) -> dict[str, int]:
    return {"clustered": pc.sum(pc.greater(table["near_duplicates"], 0)).as_py() or 0}
