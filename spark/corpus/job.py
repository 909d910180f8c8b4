"""One feature of one corpus from its parts to its tables: find, build, publish."""

from __future__ import annotations

import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from features.semantic_duplicates.model import EmbeddingModel
from filters.language_model.model import LanguageModel
from filters.vocabulary import Vocabulary
from spark.corpus.card import write_card
from spark.corpus.configuration import FeatureConfiguration
from spark.corpus.planning import PlannedFeature
from spark.runs.run_record import RunRecord
from spark.session.join_sizes import join_by_measured_sizes
from spark.sources.corpus_parts import Corpus
from spark.storage.paths import AnyPath, discard
from spark.storage.publishing import TEMPORARY, Written, publish, read_marker

if TYPE_CHECKING:
    from pyspark import Accumulator
    from pyspark.sql import SparkSession

Counts = Mapping[str, Mapping[str, int]]  # of each table, by its name


@dataclass(frozen=True)
class FeatureJob(ABC):
    """A feature of a corpus, all that it reads found; each kind of feature says how it is built.

    vocabulary: of the tokenizer; None where none is known. embedding_model: where semantic duplicates are looked for.
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

    @abstractmethod
    def estimated_bytes(self) -> int | None:
        """What its tables, and what is written on the way to them, will take on disk."""

    @abstractmethod
    def build(
        self, spark: SparkSession, directory: AnyPath, tables: Sequence[str], rows_done: Accumulator[int]
    ) -> Counts:
        """Writes its tables into a directory, under these names in the order of the plan."""

    def strategy(self) -> str | None:
        """How it is found, where there is a choice that is made by now."""
        return None

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

    def note(self, record: RunRecord, from_earlier: bool) -> None:
        """Notes its complete tables in the run's record, and in the card of their dataset."""
        for table in self.planned.tables:
            path = self.run_directory / table
            written = read_marker(path)
            if written is not None:
                name = self.description if len(self.planned.tables) == 1 else f"{self.description} {path.name}"
                record.add_table(name, path, written, {}, from_earlier)
        # Also of an earlier run, which may have been killed between publishing and this.
        if self.planned.has_card:
            write_card(self.run_directory / self.planned.dataset)

    def run(self, spark: SparkSession, rows_done: Accumulator[int]) -> None:
        """Builds the tables and publishes them."""
        started = time.monotonic()
        join_by_measured_sizes(spark)
        # Of this attempt alone: workers of one that was killed may still be writing.
        directory = self.run_directory.resolve() / TEMPORARY / uuid.uuid4().hex
        names = {table: f"table-{number}" for number, table in enumerate(self.planned.tables)}
        counts = self.build(spark, directory, tuple(names.values()), rows_done)
        seconds = time.monotonic() - started
        # What tasks counted is for who watches: of a part that was read again it holds the rows twice.
        rows = rows_done.value if self.corpus.rows is None else self.corpus.rows
        for table, name in names.items():
            publish(directory / name, self.run_directory / table, Written(rows, 0, seconds, counts[name]))
        discard(directory)
