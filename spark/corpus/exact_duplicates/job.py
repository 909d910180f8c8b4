"""The job that counts how often the continuation of each sequence occurs in the corpus."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from filters.contract import Column
from filters.feature_tables import DUPLICATES
from spark.corpus.exact_duplicates.counting import DuplicateCounting
from spark.corpus.exact_duplicates.strategies import STRATEGIES, choose_strategy
from spark.corpus.job import BYTES_OF_A_COUNT, Counts, FeatureJob
from spark.corpus.parallel_reading import number_lines
from spark.storage.paths import AnyPath

if TYPE_CHECKING:
    from pyspark import Accumulator
    from pyspark.sql import SparkSession

BYTES_OF_A_TOKEN = 4


@dataclass(frozen=True)
class ExactDuplicates(FeatureJob):
    """A count of how often the continuation of each sequence occurs in the corpus."""

    feature = DUPLICATES.name
    options = ("sequences", "prompt_tokens", "continuation_tokens")
    # Named as in the published table.
    output_columns = (
        Column("index", pa.int64(), "the sequence's id"),
        Column(
            "counts",
            pa.int64(),
            "number of places in the corpus where the continuation of the sequence occurs, its own included",
        ),
    )

    def estimated_bytes(self) -> int | None:
        """Return the size of the windows and of two tables of counts."""
        rows = self.sequences.rows
        bytes_of_a_window = BYTES_OF_A_TOKEN * self.configuration.continuation_tokens
        return None if rows is None else rows * (bytes_of_a_window + 2 * BYTES_OF_A_COUNT)

    def strategy(self) -> str | None:
        """Return the strategy for the number of sequences; None if that number is unknown."""
        return None if self.sequences.rows is None else STRATEGIES[choose_strategy(self.sequences.rows)]

    def build(
        self, spark: SparkSession, directory: AnyPath, tables: Sequence[str], rows_done: Accumulator[int]
    ) -> Counts:
        """Write one table: the duplicate count of each sequence that is long enough."""
        corpus, sequences = number_lines(spark, self.corpus), number_lines(spark, self.sequences)
        prompt_tokens, continuation_tokens = self.configuration.prompt_tokens, self.configuration.continuation_tokens
        counting = DuplicateCounting(
            corpus, sequences, prompt_tokens, continuation_tokens, directory, record=self.record
        )
        return {tables[0]: counting.run(spark, tables[0], rows_done)._asdict()}
