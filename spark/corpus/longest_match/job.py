"""The job that finds the longest run of each sequence that the corpus also holds elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from filters.feature_tables import LONGEST_MATCH
from spark.corpus.job import BYTES_OF_A_COUNT, ID, Counts, FeatureJob
from spark.corpus.longest_match.matching import Matching
from spark.corpus.parallel_reading import number_lines
from spark.runs.options import CUT_OPTIONS
from spark.storage.paths import AnyPath

if TYPE_CHECKING:
    from pyspark import Accumulator
    from pyspark.sql import SparkSession


@dataclass(frozen=True)
class LongestMatch(FeatureJob):
    """The longest run of tokens of each sequence that the corpus also holds elsewhere."""

    feature = LONGEST_MATCH.name
    is_default = False
    options = ("sequences", *CUT_OPTIONS)
    output_columns = (ID, *LONGEST_MATCH.columns)

    def estimated_bytes(self) -> int | None:
        """Return the size of a copy of the sequences and of the table."""
        rows = self.sequences.rows
        return None if rows is None else self.sequences.bytes + BYTES_OF_A_COUNT * rows

    def build(
        self, spark: SparkSession, directory: AnyPath, tables: Sequence[str], rows_done: Accumulator[int]
    ) -> Counts:
        """Write one table: the longest match of each sequence, ordered by id."""
        corpus, sequences = number_lines(spark, self.corpus), number_lines(spark, self.sequences)
        matching = Matching(corpus, sequences, directory, record=self.record)
        return {tables[0]: matching.run(spark, tables[0], rows_done)}
