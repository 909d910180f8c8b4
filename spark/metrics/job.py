"""One split from its files to its tables: load, join, measure and write, publish."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from functools import reduce

from pyspark import Accumulator
from pyspark.sql import DataFrame, Observation, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from filters.contract import Filter
from filters.language_model.model import LanguageModel
from spark.metrics.configuration import Configuration
from spark.metrics.feature_joins import join_feature, require_unique_keys
from spark.metrics.feature_tables import FeatureFiles
from spark.metrics.null_columns import null_columns
from spark.metrics.output_schema import OutputSchema
from spark.metrics.resolve import ResolvedSplit
from spark.metrics.row_selection import draw_sample, reject_repeated_ids
from spark.metrics.size_estimate import estimated_bytes
from spark.metrics.stage import REJECTED, Outcome, Stage
from spark.runs.run_record import RunRecord
from spark.session.job_descriptions import MEASURE, READ_SCHEMAS, phase
from spark.session.task_sizes import share_out
from spark.sources.sequences import read_sequences
from spark.storage.paths import AnyPath, discard
from spark.storage.publishing import TEMPORARY, Written, partition_path, publish, read_marker, withdraw


@dataclass(frozen=True)
class MetricsJob:
    """The measuring of one split into the directory of a run."""

    resolved: ResolvedSplit
    filters: tuple[Filter, ...]
    configuration: Configuration
    run_directory: AnyPath

    def path(self, kind: str, model: str | None) -> AnyPath:
        """Where the `metrics` or the `rejected` rows of one of the split's models lie when complete."""
        split = self.resolved.split
        return self.run_directory / kind / partition_path(split.dataset, split.scheme, model)

    @property
    def description(self) -> str:
        """What the split is called in messages and in the Spark UI."""
        return self.resolved.split.description

    @property
    def source(self) -> str:
        """Where its rows are read."""
        return str(self.resolved.split.location)

    @property
    def bytes(self) -> int:
        """Of its files."""
        return self.resolved.files.bytes

    @property
    def language_model(self) -> LanguageModel | None:
        """The model that is asked of it."""
        return self.resolved.resources.language_model

    def is_complete(self) -> bool:
        """Whether the tables of all its models are published."""
        return self.already_written() is not None

    @property
    def rows_known(self) -> int | None:
        """The rows of the split, where they are known before any is read."""
        rows, sample = self.resolved.files.rows, self.configuration.sample_size
        return rows if rows is None or sample is None else min(rows, sample)

    def already_written(self) -> dict[str | None, Written] | None:
        """What is complete of this split, by model; None where a table is missing."""
        found = {model: read_marker(self.path("metrics", model)) for model in self.resolved.models}
        complete = {model: written for model, written in found.items() if written is not None}
        return complete if len(complete) == len(found) else None

    def note(self, record: RunRecord, from_earlier: bool) -> None:
        """Notes the split's complete tables in the run's record."""
        for model, written in (self.already_written() or {}).items():
            name = self.resolved.split.described_for(model)
            nulls = null_columns(self.resolved, self.filters, self.configuration, model)
            record.add_table(name, self.path("metrics", model), written, nulls, from_earlier)

    def estimated_bytes(self) -> int | None:
        """What the split's tables will take on disk, told from its first rows; None where those cannot be read."""
        return estimated_bytes(self.resolved, self.filters, self.configuration.sample_size)

    def run(self, spark: SparkSession, rows_done: Accumulator[int] | None = None) -> None:
        """Measures the split and publishes the table of each of its models; `rows_done` grows as tasks end."""
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
        # Spark drops the observation from its plan where it finds, on the way, that there is no row.
        rows_read = read.get["rows"] if outcome.rows else self._load(spark).count()
        if outcome.rows != rows_read:
            self._explain_row_count(spark, rows_read, outcome.rows)
        if self.configuration.sample_size is None and self.resolved.files.rows not in (None, outcome.rows):
            raise RuntimeError(f"the files say that they hold {self.resolved.files.rows} rows, found {outcome.rows}")
        self._publish(stage, outcome, time.monotonic() - started)
        discard(stage.directory)

    def _stage(self, spark: SparkSession, rows_done: Accumulator[int]) -> Stage:
        split = self.resolved.split
        output_schema = OutputSchema(self.filters, self.resolved.columns, all_memorized=split.kind == "memories")
        return Stage(
            output_schema,
            self.resolved.models,
            spark.sparkContext.broadcast(self.resolved.resources),
            # Of this attempt alone: workers of one that was killed may still be writing.
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
        """The rejected rows first: once the metrics are there, the split counts as complete."""
        models = self.resolved.models
        final = self.path("rejected", models[0] if len(models) == 1 else None)
        withdraw(final, stage.directory)
        if outcome.rejected:
            written = Written(outcome.rows, outcome.rejected, seconds, {"rows": 0})
            publish(stage.directory / REJECTED, final, written)
        for model in models:
            written = Written(outcome.rows, outcome.rejected, seconds, outcome.counts[model])
            publish(stage.table_directory(model), self.path("metrics", model), written)

    def _explain_row_count(self, spark: SparkSession, expected: int, found: int) -> None:
        for feature in self._features():
            require_unique_keys(spark, feature)
        raise RuntimeError(f"{expected} rows were read, but {found} came to be measured")
