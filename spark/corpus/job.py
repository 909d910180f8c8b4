"""The base class of the jobs of `build_features.py`: build the tables of one feature of one corpus and publish them."""

from __future__ import annotations

import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import pyarrow as pa

from features.semantic_duplicates.model import EmbeddingModel
from filters.contract import Column
from filters.feature_tables import feature_table
from filters.language_model.model import LanguageModel
from filters.vocabulary import Vocabulary
from spark.corpus.card import write_card
from spark.runs.run_record import RunRecord
from spark.session.join_sizes import join_by_measured_sizes
from spark.sources.corpus_parts import Corpus
from spark.sources.counted_for import CountedFor
from spark.storage.paths import AnyPath, discard
from spark.storage.publishing import TEMPORARY, Written, publish, read_marker

if TYPE_CHECKING:
    from pyspark import Accumulator
    from pyspark.sql import SparkSession

    from spark.corpus.configuration import FeatureConfiguration
    from spark.corpus.planning import PlannedFeature

Counts = Mapping[str, Mapping[str, int]]  # by the name of the table, then by the name of the count
BYTES_OF_A_COUNT = 16  # an id and a count
BYTES_OF_AN_EMBEDDED_ROW = 2_500  # an embedding of 384 numbers and a text; the same again for a query
ID = Column("sequence_id", pa.int64(), "the sequence's id")


@dataclass(frozen=True)
class FeatureJob(ABC):
    """One feature of one corpus, with resolved input. A subclass defines its output and how to build it.

    feature: its name in `--features` and as a feature table.
    is_default: whether it is built if `--features` names none.
    options: the options that this feature uses, except options that all features use.
    output_columns: the columns of its tables, whatever the options.
    of_rows: whether its tables have a row per row of the corpus.
    has_card: whether its tables are splits of one dataset, listed in the README.md of the run.

    memorized: sequences to count separately; None to count all together.
    vocabulary: the vocabulary of the tokenizer; None if no tokenizer is known.
    embedding_model: None if the feature needs no embeddings.
    """

    feature: ClassVar[str]
    is_default: ClassVar[bool] = True
    options: ClassVar[tuple[str, ...]] = ()
    output_columns: ClassVar[tuple[Column, ...]]
    of_rows: ClassVar[bool] = False
    has_card: ClassVar[bool] = True

    planned: PlannedFeature
    corpus: Corpus
    sequences: Corpus
    memorized: Corpus | None
    vocabulary: Vocabulary | None
    embedding_model: EmbeddingModel | None
    configuration: FeatureConfiguration
    run_directory: AnyPath
    language_model: LanguageModel | None = None

    @classmethod
    def columns(cls, configuration: FeatureConfiguration) -> tuple[Column, ...]:
        """Return the columns of its tables, with the further ones that the options ask for."""
        return cls.output_columns

    @classmethod
    def dataset(cls, scheme: str | None) -> str:
        """Return the directory of the tables, relative to the directory of the run."""
        return feature_table(cls.feature).dataset_of(scheme)

    @classmethod
    def splits(cls, scheme: str | None, has_memorized: bool) -> tuple[str, ...]:
        """Return the splits of the dataset, one per table; empty if the dataset is one table."""
        return () if scheme is None else (scheme,)

    @classmethod
    def embeds(cls, configuration: FeatureConfiguration) -> bool:
        """Return whether the job needs an embedding model."""
        return "embedding_model" in cls.options

    @classmethod  # noqa: B027
    def check(cls, configuration: FeatureConfiguration, corpus: Corpus) -> None:
        """Raise UserError for option values that do not fit the corpus."""

    @abstractmethod
    def estimated_bytes(self) -> int | None:
        """Return the disk space of the tables and intermediate files, in bytes; None if unknown."""

    @abstractmethod
    def build(
        self, spark: SparkSession, directory: AnyPath, tables: Sequence[str], rows_done: Accumulator[int]
    ) -> Counts:
        """Write the tables into `directory`; return their counts.

        tables: the names of the tables there, in the order of the plan.
        """

    def strategy(self) -> str | None:
        """Return how the feature is computed; None if there is only one strategy or the choice is not known yet."""
        return None

    @property
    def record(self) -> CountedFor:
        """What the values of the tables stand for."""
        settings = {name: getattr(self.configuration, name) for name in self.options}
        # The plan knows the paths of the scheme, and the memorized sequences of the sample.
        settings |= {name: getattr(self.planned, name) for name in ("sequences", "memorized") if name in settings}
        tokenizer = None if self.vocabulary is None else self.vocabulary.sha256()
        return CountedFor(self.feature, self.corpus.source, self.corpus.rows, tokenizer, settings)

    @property
    def description(self) -> str:
        """The name of the job in messages and in the Spark UI."""
        return self.planned.description

    @property
    def source(self) -> str:
        """Path or Hub id of the corpus."""
        return self.corpus.source

    @property
    def rows_known(self) -> int | None:
        """Number of rows in the corpus; None if only reading the files tells."""
        return self.corpus.rows

    @property
    def bytes(self) -> int:
        """Total size of the corpus, in bytes."""
        return self.corpus.bytes

    def is_complete(self) -> bool:
        """Return whether all tables are published."""
        return all(read_marker(self.run_directory, table) is not None for table in self.planned.tables)

    def note(self, record: RunRecord, from_earlier: bool) -> None:
        """Add the complete tables to the record of the run and to the card of their dataset."""
        for table in self.planned.tables:
            path = self.run_directory / table
            written = read_marker(self.run_directory, table)
            if written is not None:
                name = self.description if len(self.planned.tables) == 1 else f"{self.description} {path.name}"
                record.add_table(name, path, written, {}, from_earlier)
        # Also for tables of an earlier run: it may have been killed between publishing and this line.
        if self.has_card and self.planned.splits:
            write_card(self.run_directory, self.planned.dataset)

    def run(self, spark: SparkSession, rows_done: Accumulator[int]) -> None:
        """Build the tables and publish them."""
        started = time.monotonic()
        join_by_measured_sizes(spark)
        # Each attempt has its own directory: workers of a killed attempt may still be writing.
        directory = self.run_directory.resolve() / TEMPORARY / uuid.uuid4().hex
        names = {table: f"table-{number}" for number, table in enumerate(self.planned.tables)}
        counts = self.build(spark, directory, tuple(names.values()), rows_done)
        seconds = time.monotonic() - started
        # The accumulator only serves progress: if a task is repeated, it counts the rows of the part twice.
        rows = rows_done.value if self.corpus.rows is None else self.corpus.rows
        for table, name in names.items():
            publish(directory / name, self.run_directory, table, Written(rows, 0, seconds, counts[name]))
        discard(directory)
