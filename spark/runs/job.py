"""`Job`: a unit of work of a run, the same for every program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from filters.language_model.model import LanguageModel
from spark.runs.run_record import RunRecord

if TYPE_CHECKING:
    from pyspark import Accumulator
    from pyspark.sql import SparkSession


class Job(Protocol):
    """A job: it writes the tables of one dataset split, or of one feature of a corpus."""

    @property
    def description(self) -> str:
        """Name of the job in messages and in Spark's UI."""

    @property
    def source(self) -> str:
        """Path or Hub id of the rows it reads."""

    @property
    def rows_known(self) -> int | None:
        """Number of rows to read; None if only reading the files tells."""

    @property
    def bytes(self) -> int:
        """Total size of the input files, in bytes."""

    @property
    def language_model(self) -> LanguageModel | None:
        """The language model to evaluate; None if there is none."""

    def is_complete(self) -> bool:
        """Return whether an earlier run has published all tables of the job."""

    def estimated_bytes(self) -> int | None:
        """Return the estimated size of the tables on disk, in bytes; None if not known."""

    def run(self, spark: SparkSession, rows_done: Accumulator[int]) -> None:
        """Write and publish the tables. `rows_done` grows at the end of each task."""

    def note(self, record: RunRecord, from_earlier: bool) -> None:
        """Add the complete tables to the run's record. from_earlier: whether an earlier run wrote them."""
