"""The job of one table of sequences: read, join, measure, write and publish."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from functools import reduce
from typing import Any

from pyspark import Accumulator
from pyspark.sql import DataFrame, Observation, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from filters.contract import Filter
from filters.language_model.model import LanguageModel
from filters.language_model.size import parameter_count
from spark.metrics.configuration import Configuration
from spark.metrics.feature_joins import join_feature, require_unique_keys
from spark.metrics.feature_tables import FeatureFiles
from spark.metrics.null_columns import null_columns
from spark.metrics.output_schema import OutputSchema
from spark.metrics.resolve import ResolvedTable
from spark.metrics.row_selection import draw_sample, reject_repeated_ids
from spark.metrics.size_estimate import estimated_bytes
from spark.metrics.stage import REJECTED, Outcome, Stage
from spark.runs.run_record import RunRecord
from spark.session.job_descriptions import MEASURE, READ_SCHEMAS, phase
from spark.session.task_sizes import share_out
from spark.sources.sequences import read_sequences
from spark.storage.paths import AnyPath, discard
from spark.storage.publishing import TEMPORARY, Written, partition_path, publish, read_marker, withdraw
from utils import printable


@dataclass(frozen=True)
class MetricsJob:
    """The job that measures one table of sequences, and writes a table per model to the directory of the run."""

    resolved: ResolvedTable
    filters: tuple[Filter, ...]
    configuration: Configuration
    run_directory: AnyPath

    def table(self, kind: str, model: str | None) -> str:
        """Return the path of the table of a model, relative to the run; kind: `metrics` or `rejected`."""
        sequences = self.resolved.sequences
        return f"{kind}/{partition_path(sequences.dataset, sequences.scheme, model)}"

    @property
    def description(self) -> str:
        """The name of the job in messages and in the Spark UI."""
        return self.resolved.sequences.description

    @property
    def source(self) -> str:
        """Where the rows are read from."""
        return str(self.resolved.sequences.location)

    @property
    def bytes(self) -> int:
        """Total size of the input files, in bytes."""
        return self.resolved.files.bytes

    @property
    def language_model(self) -> LanguageModel | None:
        """The language model that evaluates the rows; None without one."""
        return self.resolved.resources.language_model

    def is_complete(self) -> bool:
        """Return whether the tables of all models are published."""
        return self.already_written() is not None

    @property
    def rows_known(self) -> int | None:
        """The number of rows to measure; None if it takes reading the files."""
        rows, sample = self.resolved.files.rows, self.configuration.sample_size
        return rows if rows is None or sample is None else min(rows, sample)

    def already_written(self) -> dict[str | None, Written] | None:
        """Return the markers of the published tables by model; None if a table is missing."""
        found = {model: read_marker(self.run_directory, self.table("metrics", model)) for model in self.resolved.models}
        complete = {model: written for model, written in found.items() if written is not None}
        return complete if len(complete) == len(found) else None

    def note(self, record: RunRecord, from_earlier: bool) -> None:
        """Add the published tables to the record of the run."""
        for model, written in (self.already_written() or {}).items():
            name = self.resolved.sequences.described_for(model)
            nulls = null_columns(self.resolved, self.filters, self.configuration, model)
            path = self.run_directory / self.table("metrics", model)
            record.add_table(name, path, written, nulls, from_earlier, self._about(model))

    def _about(self, model: str | None) -> dict[str, Any]:
        """Return what the record of the run says of the table of a model, besides its counts."""
        sequences, asked = self.resolved.sequences, self.language_model
        return {
            "dataset": sequences.dataset,
            "scheme": sequences.scheme,
            "model": model,
            "language_model": None if asked is None else printable(str(asked.directory)),
            "model_parameters": None if asked is None else parameter_count(asked.directory),
            "holds_memories": sequences.kind == "memories",
        }

    def estimated_bytes(self) -> int | None:
        """Return the expected size of the tables in bytes, from the first rows; None if it cannot be estimated."""
        return estimated_bytes(self.resolved, self.filters, self.configuration.sample_size)

    def run(self, spark: SparkSession, rows_done: Accumulator[int] | None = None) -> None:
        """Measure all rows and publish a table per model.

        rows_done: grows by the rows of each task that ends.

        Raises UserError for a feature table with repeated keys, and RuntimeError if the number of rows is wrong.
        """
        started = time.monotonic()
        stage = self._stage(spark, spark.sparkContext.accumulator(0) if rows_done is None else rows_done)
        read = Observation()
        with phase(spark, READ_SCHEMAS):
            rows = self._load(spark).observe(read, F.count(F.lit(1)).alias("rows"))
            rows = reduce(join_feature, self._features(), rows)
            if self.resolved.resources.language_model is not None:
                rows = share_out(rows, self.rows_known)
        with phase(spark, MEASURE):
            outcome = stage.run(rows)
        # If Spark finds during the run that there is no row, it drops the observation from its plan.
        rows_read = read.get["rows"] if outcome.rows else self._load(spark).count()
        if outcome.rows != rows_read:
            self._raise_for_row_count(spark, rows_read, outcome.rows)
        if self.configuration.sample_size is None and self.resolved.files.rows not in (None, outcome.rows):
            raise RuntimeError(f"expected {self.resolved.files.rows} rows, as the files declare, found {outcome.rows}")
        self._publish(stage, outcome, time.monotonic() - started)
        discard(stage.directory)

    def _stage(self, spark: SparkSession, rows_done: Accumulator[int]) -> Stage:
        sequences = self.resolved.sequences
        output_schema = OutputSchema(self.filters, self.resolved.columns, all_memorized=sequences.kind == "memories")
        return Stage(
            output_schema,
            self.resolved.models,
            spark.sparkContext.broadcast(self.resolved.resources),
            # A new directory for each attempt: workers of a killed attempt may still be writing.
            self.run_directory.resolve() / TEMPORARY / uuid.uuid4().hex,
            rows_done,
        )

    def _load(self, spark: SparkSession) -> DataFrame:
        rows = read_sequences(spark, self.resolved.files, self.resolved.columns)
        if self.configuration.sample_size is not None:
            rows = draw_sample(rows, self.configuration.sample_size, self.configuration.sample_seed)
        return reject_repeated_ids(rows) if self.resolved.columns.sequence_id else rows

    def _features(self) -> list[FeatureFiles]:
        by_model = self.resolved.features_by_model
        return [*self.resolved.features, *(feature for model in self.resolved.models for feature in by_model[model])]

    def _publish(self, stage: Stage, outcome: Outcome, seconds: float) -> None:
        """Publish the rejected rows first: once the metrics are published, the job counts as complete."""
        models = self.resolved.models
        rejected = self.table("rejected", models[0] if len(models) == 1 else None)
        withdraw(self.run_directory, rejected, stage.directory)
        if outcome.rejected:
            written = Written(outcome.rows, outcome.rejected, seconds, {"rows": 0})
            publish(stage.directory / REJECTED, self.run_directory, rejected, written)
        for model in models:
            written = Written(outcome.rows, outcome.rejected, seconds, outcome.counts[model])
            publish(stage.table_directory(model), self.run_directory, self.table("metrics", model), written)

    def _raise_for_row_count(self, spark: SparkSession, expected: int, found: int) -> None:
        for feature in self._features():
            require_unique_keys(spark, feature)
        raise RuntimeError(f"expected to measure the {expected} rows that were read, found {found}")
