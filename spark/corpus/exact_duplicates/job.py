"""The job that counts how often the continuation of each sequence occurs in the corpus."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from filters.contract import Column
from filters.feature_tables import DUPLICATES
from spark.corpus.exact_duplicates.counting import BYTES_A_TOKEN, DuplicateCounting
from spark.corpus.exact_duplicates.strategies import STRATEGIES, choose_strategy
from spark.corpus.job import BYTES_OF_A_COUNT, Counts, FeatureJob
from spark.corpus.parallel_reading import number_lines
from spark.runs.options import CUT_OPTIONS
from spark.storage.paths import AnyPath

if TYPE_CHECKING:
    from pyspark import Accumulator
    from pyspark.sql import SparkSession

    from spark.corpus.configuration import FeatureConfiguration


@dataclass(frozen=True)
class ExactDuplicates(FeatureJob):
    """A count of how often the continuation of each sequence occurs in the corpus."""

    feature = DUPLICATES.name
    options = ("sequences", "prompt_tokens", "continuation_tokens", "window_tokens", *CUT_OPTIONS)
    # Named as in the published table.
    output_columns = (
        Column("index", pa.int64(), "the sequence's id"),
        Column(
            "counts",
            pa.int64(),
            "number of places in the corpus where the continuation of the sequence occurs, its own included",
        ),
    )

    @classmethod
    def columns(cls, configuration: FeatureConfiguration) -> tuple[Column, ...]:
        """Return the columns, with one for each of `--window_tokens`."""
        further = [
            Column(
                f"counts_{tokens}", pa.int64(), f"number of places in the corpus where its last {tokens} tokens occur"
            )
            for tokens in configuration.window_tokens
        ]
        return (*cls.output_columns, *further)

    def estimated_bytes(self) -> int | None:
        """Return the size of the ends of the sequences and of two tables of counts."""
        rows, configuration = self.sequences.rows, self.configuration
        bytes_of_an_end = BYTES_A_TOKEN * max(configuration.continuation_tokens, *configuration.window_tokens, 0)
        bytes_of_counts = 2 * BYTES_OF_A_COUNT * (1 + len(configuration.window_tokens))
        return None if rows is None else rows * (bytes_of_an_end + bytes_of_counts)

    def strategy(self) -> str | None:
        """Return the strategy for the number of sequences; None if that number is unknown."""
        return None if self.sequences.rows is None else STRATEGIES[choose_strategy(self.sequences.rows)]

    def build(
        self, spark: SparkSession, directory: AnyPath, tables: Sequence[str], rows_done: Accumulator[int]
    ) -> Counts:
        """Write one table: the duplicate count of each sequence that is long enough."""
        corpus, sequences = number_lines(spark, self.corpus), number_lines(spark, self.sequences)
        counting = DuplicateCounting(
            corpus,
            sequences,
            self.configuration.prompt_tokens,
            self.configuration.continuation_tokens,
            directory,
            record=self.record,
            window_tokens=self.configuration.window_tokens,
        )
        return {tables[0]: counting.run(spark, tables[0], rows_done)._asdict()}
