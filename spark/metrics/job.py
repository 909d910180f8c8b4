"""The job of one table of sequences: it measures all rows, or adds columns to the tables of an earlier pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from filters.contract import Filter
from filters.language_model.model import LanguageModel
from filters.language_model.size import parameter_count
from spark.metrics.additions import add_columns, filters_to_add, table_to_extend
from spark.metrics.configuration import Configuration
from spark.metrics.counted_tables import describe_tables
from spark.metrics.feature_tables import FeatureFiles
from spark.metrics.measuring import measure_all
from spark.metrics.null_columns import null_columns
from spark.metrics.output_schema import OutputSchema, schema_of
from spark.metrics.resolve import ResolvedTable
from spark.metrics.shared_columns import SharedColumns
from spark.metrics.size_estimate import estimated_bytes
from spark.runs.run_record import RunRecord
from spark.storage.paths import AnyPath
from spark.storage.publishing import Written, partition_path, read_marker
from utils import printable

if TYPE_CHECKING:
    from pyspark import Accumulator
    from pyspark.sql import SparkSession


@dataclass(frozen=True)
class MetricsJob:
    """The job that measures one table of sequences, and writes a table per model to the directory of the run."""

    resolved: ResolvedTable
    filters: tuple[Filter, ...]
    configuration: Configuration
    run_directory: AnyPath
    shared: SharedColumns

    def table(self, kind: str, model: str | None) -> str:
        """Return the path of the table of a model, relative to the run; kind: `metrics` or `rejected`."""
        sequences = self.resolved.sequences
        return f"{kind}/{partition_path(sequences.dataset, sequences.scheme, model)}"

    @property
    def rejected_table(self) -> str:
        """The path of the table of rejected rows, relative to the run; all models have the same."""
        models = self.resolved.models
        return self.table("rejected", models[0] if len(models) == 1 else None)

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

    @property
    def rows_known(self) -> int | None:
        """The number of rows to measure; None if it takes reading the files."""
        rows, sample = self.resolved.files.rows, self.configuration.sample_size
        return rows if rows is None or sample is None else min(rows, sample)

    @property
    def output_schema(self) -> OutputSchema:
        """The columns of the tables."""
        all_memorized = self.resolved.sequences.kind == "memories"
        return OutputSchema(self.filters, self.resolved.columns, self.shared, all_memorized)

    def features(self, models: tuple[str | None, ...], filters: tuple[Filter, ...]) -> list[FeatureFiles]:
        """Return the feature tables that these filters join, for these models."""
        joined = {each.feature_table for each in filters}
        by_model = self.resolved.features_by_model
        found = [*self.resolved.features, *(feature for model in models for feature in by_model[model])]
        return [feature for feature in found if feature.table.name in joined]

    def is_complete(self) -> bool:
        """Return whether the tables of all models are published, with all columns."""
        return len(self.already_written()) == len(self.resolved.models)

    def already_written(self) -> dict[str | None, Written]:
        """Return the markers of the published tables that have all columns, by model."""
        found = {model: read_marker(self.run_directory, self.table("metrics", model)) for model in self.resolved.models}
        return {
            model: written
            for model, written in found.items()
            if written is not None and not filters_to_add(self.filters, written, self.null_columns(model))
        }

    def note(self, record: RunRecord, from_earlier: bool) -> None:
        """Add the published tables to the record of the run."""
        record.add_columns(schema_of(self.filters))
        for model, written in self.already_written().items():
            name = self.resolved.sequences.described_for(model)
            path = self.run_directory / self.table("metrics", model)
            record.add_table(name, path, written, self.null_columns(model), from_earlier, self._about(model))

    def null_columns(self, model: str | None) -> dict[str, str]:
        """Return the columns of the table of a model that are null in every row, and why."""
        return null_columns(self.resolved, self.filters, self.configuration, model, self.shared.own.names)

    def _about(self, model: str | None) -> dict[str, Any]:
        """Return what the record of the run says of the table of a model, besides its counts."""
        resolved, asked = self.resolved, self.language_model
        sequences = resolved.sequences
        joined = (*resolved.features, *resolved.features_by_model[model], *resolved.frequency_tables)
        return {
            "dataset": sequences.dataset,
            "scheme": sequences.scheme,
            "model": model,
            "language_model": None if asked is None else printable(str(asked.directory)),
            "model_parameters": None if asked is None else parameter_count(asked.directory),
            "feature_tables": describe_tables(joined),
            "holds_memories": sequences.kind == "memories",
        }

    def estimated_bytes(self) -> int | None:
        """Return the expected size of the tables in bytes, from the first rows; None if it cannot be estimated."""
        return estimated_bytes(self.resolved, self.output_schema, self.configuration.sample_size)

    def run(self, spark: SparkSession, rows_done: Accumulator[int] | None = None) -> None:
        """Publish a table per model: measure all rows, or what the tables of an earlier pass lack.

        rows_done: grows by the rows of each task that ends.

        Raises UserError for a feature table with repeated keys, and RuntimeError if the number of rows is wrong.
        """
        rows_done = spark.sparkContext.accumulator(0) if rows_done is None else rows_done
        complete = self.already_written()
        incomplete = [model for model in self.resolved.models if model not in complete]
        to_extend = {model: table_to_extend(self, model) for model in incomplete}
        extendable = [each for each in to_extend.values() if each is not None]
        if len(extendable) < len(to_extend):
            measure_all(self, spark, rows_done)
            return
        for each in extendable:
            add_columns(self, each, spark, rows_done)
