"""How each kind of feature is built, what it takes on disk, and by which way it is found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from features.semantic_duplicates.search import choose_search
from spark.corpus.deduplication.corpus_copy import Deduplication
from spark.corpus.exact_duplicates import STRATEGIES, DuplicateCounting, choose_strategy
from spark.corpus.job import Counts, FeatureJob
from spark.corpus.near_duplicates.search import NearDuplicateSearch
from spark.corpus.part_tasks import number_lines
from spark.corpus.planning import DEDUPLICATION
from spark.corpus.semantic_duplicates.search import SemanticDuplicateSearch
from spark.corpus.token_frequencies import TokenCounting
from spark.storage.paths import AnyPath

if TYPE_CHECKING:
    from pyspark import Accumulator
    from pyspark.sql import SparkSession

BYTES_OF_A_COUNT = 16  # an id and a count
BYTES_OF_A_TOKEN = 4
BYTES_OF_AN_EMBEDDED_ROW = 2_500  # 384 numbers, a text, and the same once more of a sequence that is asked for


@dataclass(frozen=True)
class ExactDuplicates(FeatureJob):
    """How often the corpus holds a window of each sequence."""

    def estimated_bytes(self) -> int | None:
        """The windows, and twice their counts."""
        window, rows = self.configuration.window, self.sequences.rows
        bytes_of_a_window = BYTES_OF_A_TOKEN * (window.stop - window.start)
        return None if rows is None else rows * (bytes_of_a_window + 2 * BYTES_OF_A_COUNT)

    def strategy(self) -> str | None:
        """Chosen by the number of sequences."""
        return None if self.sequences.rows is None else STRATEGIES[choose_strategy(self.sequences.rows)]

    def build(
        self, spark: SparkSession, directory: AnyPath, tables: Sequence[str], rows_done: Accumulator[int]
    ) -> Counts:
        """One table: of each sequence that is long enough, its count."""
        corpus, sequences = number_lines(spark, self.corpus), number_lines(spark, self.sequences)
        counting = DuplicateCounting(corpus, sequences, self.configuration.window, directory)
        return {tables[0]: counting.run(spark, tables[0], rows_done)._asdict()}


@dataclass(frozen=True)
class TokenFrequencies(FeatureJob):
    """How often the corpus holds each token."""

    def estimated_bytes(self) -> int | None:
        """A count of each token in each table."""
        return len(self.planned.tables) * BYTES_OF_A_COUNT * self._vocabulary_size

    def build(
        self, spark: SparkSession, directory: AnyPath, tables: Sequence[str], rows_done: Accumulator[int]
    ) -> Counts:
        """One table, or that of the memorized sequences and that of the rest."""
        corpus = number_lines(spark, self.corpus) if self.memorized is not None else self.corpus
        return TokenCounting(corpus, self.memorized, self._vocabulary_size, directory).run(spark, tables, rows_done)

    @property
    def _vocabulary_size(self) -> int:
        return 0 if self.vocabulary is None else self.vocabulary.size


@dataclass(frozen=True)
class NearDuplicates(FeatureJob):
    """How many near duplicates each row of the corpus has, and its cluster."""

    def estimated_bytes(self) -> int | None:
        """Four numbers a row."""
        return None if self.corpus.rows is None else 2 * BYTES_OF_A_COUNT * self.corpus.rows

    def build(
        self, spark: SparkSession, directory: AnyPath, tables: Sequence[str], rows_done: Accumulator[int]
    ) -> Counts:
        """One table, of every row."""
        corpus, configuration = number_lines(spark, self.corpus), self.configuration
        search = NearDuplicateSearch(corpus, configuration.jaccard_threshold, configuration.ngram_tokens, directory)
        return {tables[0]: search.run(spark, tables[0], rows_done)}


@dataclass(frozen=True)
class SemanticDuplicates(FeatureJob):
    """How many sequences of the corpus mean nearly the same as each sequence."""

    def estimated_bytes(self) -> int | None:
        """The embeddings of the corpus, and of the sequences."""
        return None if self.corpus.rows is None else BYTES_OF_AN_EMBEDDED_ROW * self.corpus.rows

    def strategy(self) -> str | None:
        """Chosen by the number of products that the exact way takes."""
        if self.sequences.rows is None or self.corpus.rows is None:
            return None
        return str(choose_search(self.sequences.rows, self.corpus.rows))

    def build(
        self, spark: SparkSession, directory: AnyPath, tables: Sequence[str], rows_done: Accumulator[int]
    ) -> Counts:
        """One table, of every sequence."""
        assert self.vocabulary is not None and self.embedding_model is not None
        corpus, sequences = number_lines(spark, self.corpus), number_lines(spark, self.sequences)
        search = SemanticDuplicateSearch(corpus, sequences, self.vocabulary, self.embedding_model, directory)
        return {tables[0]: search.run(spark, tables[0], rows_done)}


@dataclass(frozen=True)
class CorpusWithoutDuplicates(FeatureJob):
    """The corpus once more, without its duplicates."""

    def estimated_bytes(self) -> int | None:
        """The corpus once more, and where each of its rows is; its embeddings, where they are compared."""
        if self.corpus.rows is None:
            return None
        embedded = BYTES_OF_AN_EMBEDDED_ROW if "semantic" in self.configuration.deduplicate else 0
        return self.corpus.bytes + self.corpus.rows * (2 * BYTES_OF_A_COUNT + embedded)

    def strategy(self) -> str:
        """The methods, and which of several duplicates is kept."""
        return str(self.configuration.criteria)

    def build(
        self, spark: SparkSession, directory: AnyPath, tables: Sequence[str], rows_done: Accumulator[int]
    ) -> Counts:
        """What is left, what was removed, and the summary."""
        corpus, criteria = number_lines(spark, self.corpus), self.configuration.criteria
        deduplication = Deduplication(corpus, criteria, self.vocabulary, self.embedding_model, directory)
        return deduplication.run(spark, tables, rows_done)


KINDS: Mapping[str, type[FeatureJob]] = {
    "duplicates": ExactDuplicates,
    "token_frequencies": TokenFrequencies,
    "near_duplicates": NearDuplicates,
    "semantic_duplicates": SemanticDuplicates,
    DEDUPLICATION: CorpusWithoutDuplicates,
}
