"""One feature of one corpus from its parts to its tables: find, build, publish."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from features.semantic_duplicates.model import EmbeddingModel
from filters.language_model.model import LanguageModel
from filters.vocabulary import Vocabulary
from spark.corpora.finding import find_corpus, tokenizer_of
from spark.corpora.parts import Corpus
from spark.corpora.reading import number_lines
from spark.feature_building.card import write_card
from spark.feature_building.configuration import FeatureConfiguration
from spark.feature_building.deduplication import Deduplication
from spark.feature_building.duplicates import DuplicateCounting
from spark.feature_building.near_duplicates import NearDuplicateSearch
from spark.feature_building.planning import DEDUPLICATION, PlannedFeature
from spark.feature_building.semantic_duplicates import SemanticDuplicateSearch
from spark.feature_building.token_frequencies import TokenCounting
from spark.run_record import RunRecord
from spark.sink import TEMPORARY, Written, publish, read_marker
from spark.storage import AnyPath, discard
from spark.tables import TableReader
from utils import UserError, printable

if TYPE_CHECKING:
    from pyspark import Accumulator
    from pyspark.sql import SparkSession

BYTES_OF_A_COUNT = 16  # an id and a count
BYTES_OF_A_TOKEN = 4
BYTES_OF_AN_EMBEDDED_ROW = 2_500  # 384 numbers, a text, and the same once more of a sequence that is asked for


@dataclass(frozen=True)
class FeatureWork:
    """A feature of a corpus, all that it reads found. vocabulary: of the tokenizer; None where none is known.

    embedding_model: where semantic duplicates are looked for.
    """

    planned: PlannedFeature
    corpus: Corpus
    sequences: Corpus
    memorized: Corpus | None
    vocabulary: Vocabulary | None
    embedding_model: EmbeddingModel | None
    configuration: FeatureConfiguration
    run_directory: AnyPath
    language_model: LanguageModel | None = None

    @property
    def description(self) -> str:
        """What it is called in messages and in the Spark UI."""
        return self.planned.description

    @property
    def source(self) -> str:
        """Where the corpus is."""
        return self.corpus.source

    @property
    def rows_known(self) -> int | None:
        """The rows of the corpus, where they are known before any is read."""
        return self.corpus.rows

    @property
    def bytes(self) -> int:
        """Of the corpus."""
        return self.corpus.bytes

    def is_complete(self) -> bool:
        """Whether all its tables are published."""
        return all(read_marker(self.run_directory / table) is not None for table in self.planned.tables)

    def estimated_bytes(self) -> int | None:
        """What its tables, and what is written on the way to them, will take on disk."""
        if self.planned.feature == "token_frequencies":
            return len(self.planned.tables) * BYTES_OF_A_COUNT * self._vocabulary_size
        if self.planned.feature == DEDUPLICATION:
            return self._bytes_of_a_deduplication()
        if self.planned.feature == "near_duplicates":
            return None if self.corpus.rows is None else 2 * BYTES_OF_A_COUNT * self.corpus.rows
        if self.planned.feature == "semantic_duplicates":
            return None if self.corpus.rows is None else BYTES_OF_AN_EMBEDDED_ROW * self.corpus.rows
        window = self.configuration.window
        bytes_of_a_window = BYTES_OF_A_TOKEN * (window.stop - window.start)
        rows = self.sequences.rows
        return None if rows is None else rows * (bytes_of_a_window + 2 * BYTES_OF_A_COUNT)

    def note(self, record: RunRecord, from_earlier: bool) -> None:
        """Notes its complete tables in the run's record."""
        for table in self.planned.tables:
            path = self.run_directory / table
            written = read_marker(path)
            if written is not None:
                name = self.description if len(self.planned.tables) == 1 else f"{self.description} {path.name}"
                record.add_split(name, path, written, {}, from_earlier)

    def run(self, spark: SparkSession, rows_done: Accumulator[int]) -> None:
        """Builds the tables and publishes them."""
        started = time.monotonic()
        # Of this attempt alone: workers of one that was killed may still be writing.
        directory = self.run_directory.resolve() / TEMPORARY / uuid.uuid4().hex
        names = {table: f"table-{number}" for number, table in enumerate(self.planned.tables)}
        build = {
            "duplicates": self._count_duplicates,
            "token_frequencies": self._count_tokens,
            "near_duplicates": self._find_near_duplicates,
            "semantic_duplicates": self._find_semantic_duplicates,
            DEDUPLICATION: self._deduplicate,
        }[self.planned.feature]
        counts = build(spark, directory, tuple(names.values()), rows_done)
        seconds = time.monotonic() - started
        # What tasks counted is for who watches: of a part that was read again it holds the rows twice.
        rows = rows_done.value if self.corpus.rows is None else self.corpus.rows
        for table, name in names.items():
            publish(directory / name, self.run_directory / table, Written(rows, 0, seconds, counts[name]))
        if self.planned.splits and self.planned.feature != DEDUPLICATION:
            write_card(self.run_directory / self.planned.dataset)
        discard(directory)

    def _count_duplicates(
        self, spark: SparkSession, directory: AnyPath, names: tuple[str, ...], rows_done: Accumulator[int]
    ) -> Mapping[str, Mapping[str, int]]:
        corpus, sequences = number_lines(spark, self.corpus), number_lines(spark, self.sequences)
        counted = DuplicateCounting(corpus, sequences, self.configuration.window, directory).run(
            spark, names[0], rows_done
        )
        counts = {"rows": counted.rows, "repeated": counted.repeated, "too_short": counted.too_short}
        return {names[0]: counts}

    def _count_tokens(
        self, spark: SparkSession, directory: AnyPath, names: tuple[str, ...], rows_done: Accumulator[int]
    ) -> Mapping[str, Mapping[str, int]]:
        corpus = number_lines(spark, self.corpus) if self.memorized is not None else self.corpus
        return TokenCounting(corpus, self.memorized, self._vocabulary_size, directory).run(spark, names, rows_done)

    def _find_near_duplicates(
        self, spark: SparkSession, directory: AnyPath, names: tuple[str, ...], rows_done: Accumulator[int]
    ) -> Mapping[str, Mapping[str, int]]:
        corpus, configuration = number_lines(spark, self.corpus), self.configuration
        search = NearDuplicateSearch(corpus, configuration.jaccard_threshold, configuration.ngram_tokens, directory)
        return {names[0]: search.run(spark, names[0], rows_done)}

    def _find_semantic_duplicates(
        self, spark: SparkSession, directory: AnyPath, names: tuple[str, ...], rows_done: Accumulator[int]
    ) -> Mapping[str, Mapping[str, int]]:
        assert self.vocabulary is not None and self.embedding_model is not None
        corpus, sequences = number_lines(spark, self.corpus), number_lines(spark, self.sequences)
        search = SemanticDuplicateSearch(corpus, sequences, self.vocabulary, self.embedding_model, directory)
        return {names[0]: search.run(spark, names[0], rows_done)}

    def _deduplicate(
        self, spark: SparkSession, directory: AnyPath, names: tuple[str, ...], rows_done: Accumulator[int]
    ) -> Mapping[str, Mapping[str, int]]:
        corpus, criteria = number_lines(spark, self.corpus), self.configuration.criteria
        deduplication = Deduplication(corpus, criteria, self.vocabulary, self.embedding_model, directory)
        return deduplication.run(spark, names, rows_done)

    def _bytes_of_a_deduplication(self) -> int | None:
        """The corpus once more, and where each of its rows is; its embeddings, where they are compared."""
        if self.corpus.rows is None:
            return None
        embedded = BYTES_OF_AN_EMBEDDED_ROW if "semantic" in self.configuration.deduplicate else 0
        return self.corpus.bytes + self.corpus.rows * (2 * BYTES_OF_A_COUNT + embedded)

    @property
    def _vocabulary_size(self) -> int:
        return 0 if self.vocabulary is None else self.vocabulary.size


def locate_features(
    planned: Iterable[PlannedFeature], configuration: FeatureConfiguration, run_directory: AnyPath, reader: TableReader
) -> Iterator[FeatureWork]:
    """Each feature with its corpus and sequences found; raises UserError for what is missing or damaged."""

    @cache  # several features are of one corpus, which may have thousands of files
    def find(source: str, tokenizer: str | None) -> Corpus:
        return find_corpus(source, configuration.row_tokens, tokenizer, reader)

    for each in planned:
        yield _located(each, configuration, run_directory, reader, find)


def _located(
    planned: PlannedFeature,
    configuration: FeatureConfiguration,
    run_directory: AnyPath,
    reader: TableReader,
    find: Callable[[str, str | None], Corpus],
) -> FeatureWork:
    corpus = find(planned.corpus, planned.tokenizer)
    sequences = corpus if planned.sequences is None else find(planned.sequences, planned.tokenizer)
    memorized = None if planned.memorized is None else find(planned.memorized, planned.tokenizer)
    for name, found in (("sequences", sequences), ("memorized", memorized)):
        if found is not None and found is not corpus and not found.has_ids:
            raise UserError(
                f"--{name} {printable(found.source)}: expected a column of ids, the sequences' rows in the corpus.\n"
                "Add a column `sequence_id`."
            )
    tokenizer = planned.tokenizer or tokenizer_of(planned.corpus)
    vocabulary = reader.vocabulary(tokenizer) if tokenizer else None
    embedding_model = None
    compares_meaning = planned.feature == DEDUPLICATION and "semantic" in configuration.deduplicate
    if planned.feature == "semantic_duplicates" or compares_meaning:
        if vocabulary is None:
            raise UserError(
                f"{corpus.source}: semantic duplicates are those of the text, and no tokenizer is known to decode it.\n"
                "Give --tokenizer."
            )
        embedding_model = reader.embedding_model(configuration.embedding_model)
    return FeatureWork(planned, corpus, sequences, memorized, vocabulary, embedding_model, configuration, run_directory)
