"""What every program's jobs have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from filters.language_model.model import LanguageModel
from spark.runs.run_record import RunRecord

if TYPE_CHECKING:
    from pyspark import Accumulator
    from pyspark.sql import SparkSession


class Job(Protocol):
    """What makes the tables of one job, or one of its feature tables."""

    @property
    def description(self) -> str:
        """What it is called in messages and in the Spark UI."""

    @property
    def source(self) -> str:
        """Where it reads its rows."""

    @property
    def rows_known(self) -> int | None:
        """Its rows, where they are known before any is read."""

    @property
    def bytes(self) -> int:
        """Of the files that it reads."""

    @property
    def language_model(self) -> LanguageModel | None:
        """The model that it asks."""

    def is_complete(self) -> bool:
        """Whether an earlier run has published its tables."""

    def estimated_bytes(self) -> int | None:
        """What its tables will take on disk; None where that cannot be told."""

    def run(self, spark: SparkSession, rows_done: Accumulator[int]) -> None:
        """Makes the tables and publishes them; `rows_done` grows as tasks end."""

    def note(self, record: RunRecord, from_earlier: bool) -> None:
        """Notes its complete tables in the run's record."""
