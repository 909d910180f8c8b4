"""The job that writes a corpus without its duplicates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from features.deduplication import Method
from filters.contract import Column
from spark.corpus.deduplication.steps import Deduplication
from spark.corpus.job import BYTES_OF_A_COUNT, BYTES_OF_AN_EMBEDDED_ROW, Counts, FeatureJob
from spark.corpus.parallel_reading import number_lines
from spark.sources.corpus_parts import Corpus
from spark.storage.paths import AnyPath
from utils import UserError

if TYPE_CHECKING:
    from pyspark import Accumulator
    from pyspark.sql import SparkSession

    from spark.corpus.configuration import FeatureConfiguration

DEDUPLICATION = "deduplication"
PARTS = ("corpus", "removed", "summary")
# The options that each method uses, except options that all features and methods use.
METHOD_OPTIONS: dict[Method, tuple[str, ...]] = {
    "exact": ("keep",),
    "fuzzy": ("jaccard_threshold", "ngram_tokens", "keep"),
    "semantic": ("embedding_model", "keep", "cosine_threshold", "semantic_clusters"),
}


@dataclass(frozen=True)
class CorpusDeduplication(FeatureJob):
    """The deduplication of a corpus: the remaining corpus, the removed sequences, and a summary."""

    feature = DEDUPLICATION
    has_card = False
    output_columns = (
        Column("sequence_id", pa.int64(), "the id of a removed sequence"),
        Column("tokens", pa.int64(), "number of its tokens"),
        Column("method", pa.string(), "the method that removed it: exact, fuzzy or semantic"),
        Column("duplicate_of", pa.int64(), "the sequence whose duplicate it is"),
        Column(
            "threshold",
            pa.float64(),
            "the largest threshold of the summary that removes it; null for exact",
        ),
    )

    @classmethod
    def dataset(cls, scheme: str | None) -> str:
        """Return the directory of the tables, relative to the directory of the run."""
        return "/".join(filter(None, (DEDUPLICATION, scheme)))

    @classmethod
    def splits(cls, scheme: str | None, has_memorized: bool) -> tuple[str, ...]:
        """Return the directories of the remaining corpus, the removed sequences, and the summary."""
        return PARTS

    @classmethod
    def embeds(cls, configuration: FeatureConfiguration) -> bool:
        """Return whether a chosen method compares embeddings."""
        return any("embedding_model" in METHOD_OPTIONS[method] for method in configuration.deduplicate)

    @classmethod
    def check(cls, configuration: FeatureConfiguration, corpus: Corpus) -> None:
        """Raise UserError if there are more semantic clusters than rows."""
        clusters = configuration.semantic_clusters or 0
        if corpus.rows is not None and clusters > corpus.rows:
            raise UserError(f"--semantic_clusters: expected at most the {corpus.rows:,} rows, found {clusters:,}.")

    def estimated_bytes(self) -> int | None:
        """Return the size of the corpus, the positions of its rows, and the embeddings if they are compared."""
        if self.corpus.rows is None:
            return None
        embedded = BYTES_OF_AN_EMBEDDED_ROW if self.embeds(self.configuration) else 0
        return self.corpus.bytes + self.corpus.rows * (2 * BYTES_OF_A_COUNT + embedded)

    def strategy(self) -> str:
        """Return the methods, their thresholds, and which duplicate is kept."""
        return str(self.configuration.criteria)

    def build(
        self, spark: SparkSession, directory: AnyPath, tables: Sequence[str], rows_done: Accumulator[int]
    ) -> Counts:
        """Write the remaining corpus, the removed sequences, and the summary."""
        corpus, criteria = number_lines(spark, self.corpus), self.configuration.criteria
        deduplication = Deduplication(corpus, criteria, self.vocabulary, self.embedding_model, directory)
        return deduplication.run(spark, tables, rows_done)
