"""One split from its files to its tables: load, join, measure, write, publish."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from pathlib import Path

from pyspark.sql import DataFrame, Observation, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from filters.contract import Filter
from spark.configuration import Configuration
from spark.feature_tables import FeatureFiles
from spark.features import join_feature, require_unique_keys
from spark.loading import draw_sample, load_sequences, reject_repeated_ids
from spark.locating import LocatedSplit
from spark.metrics_table import metrics_table, shares
from spark.run_record import RunRecord
from spark.sink import Written, discard, partition_path, publish, read_marker, write_hidden
from spark.stage import Stage


@dataclass(frozen=True)
class SplitRun:
    """The measuring of one split into the directory of a run."""

    located: LocatedSplit
    filters: tuple[Filter, ...]
    configuration: Configuration
    run_directory: Path

    def path(self, kind: str, model: str | None) -> Path:
        """Where the `metrics` or the `rejected` rows of one of the split's models lie when complete."""
        split = self.located.split
        return self.run_directory / kind / partition_path(split.dataset, split.scheme, model)

    def already_written(self) -> dict[str | None, Written] | None:
        """What is complete of this split, by model; None where a table is missing."""
        found = {model: read_marker(self.path("metrics", model)) for model in self.located.models}
        complete = {model: written for model, written in found.items() if written is not None}
        return complete if len(complete) == len(found) else None

    def note(self, record: RunRecord, from_earlier: bool) -> None:
        """Notes the split's complete tables in the run's record."""
        for model, written in (self.already_written() or {}).items():
            name = self.located.split.described_for(model)
            record.add_split(name, self.path("metrics", model), written, self.located.null_columns, from_earlier)

    def run(self, spark: SparkSession) -> None:
        """Measures the split and publishes the table of each of its models."""
        started = time.monotonic()
        rows = self._load(spark)
        stage = Stage(
            tuple(each for each in self.filters if each.measure is not None),
            spark.sparkContext.broadcast(self.located.resources),
        )
        models = self.located.models
        features = self.located.features
        if len(models) == 1:
            features += self.located.features_by_model[models[0]]
        rows_read, rows_joined, rows_measured = Observation(), Observation(), Observation()
        joined = reduce(join_feature, features, _counted(rows, rows_read))
        measured = stage.measure(_counted(joined, rows_joined))
        hidden, tables = self._write(spark, _counted(measured, rows_measured))
        if rows_joined.get["rows"] != rows_read.get["rows"]:
            self._require_unique(spark, features)
        for model, table in tables.items():
            if table["rows"] != rows_measured.get["rows"]:
                self._require_unique(spark, self.located.features_by_model[model])
        rejected = rows_read.get["rows"] - rows_measured.get["rows"]
        self._write_rejected(stage, rows, rejected)
        seconds = time.monotonic() - started
        for model, table in tables.items():
            written = Written(rows_read.get["rows"], rejected, seconds, table)
            publish(hidden[model], self.path("metrics", model), written)

    def _load(self, spark: SparkSession) -> DataFrame:
        rows = load_sequences(spark, self.located.files, self.located.columns)
        if self.configuration.sample_size is not None:
            rows = draw_sample(rows, self.configuration.sample_size, self.configuration.sample_seed)
        return reject_repeated_ids(rows) if self.located.columns.sequence_id else rows

    def _write(
        self, spark: SparkSession, measured: DataFrame
    ) -> tuple[dict[str | None, Path], dict[str | None, Mapping[str, int]]]:
        """Writes the hidden table of every model; their paths, and what was counted in them."""
        models = self.located.models
        all_models = None
        if len(models) > 1:
            # Measured once: the models' tables differ only in what is joined to it.
            all_models = write_hidden(measured, self.path("metrics", "all_models"))
            measured = spark.read.parquet(str(all_models.resolve()))
        paths: dict[str | None, Path] = {}
        counts: dict[str | None, Mapping[str, int]] = {}
        for model in models:
            features = self.located.features_by_model[model] if all_models else ()
            joined = reduce(join_feature, features, measured)
            table = metrics_table(joined, self.located, self.filters, model)
            observed = Observation()
            paths[model] = write_hidden(table.observe(observed, *shares(table)), self.path("metrics", model))
            counts[model] = observed.get
        if all_models:
            shutil.rmtree(all_models)
        return paths, counts

    def _write_rejected(self, stage: Stage, rows: DataFrame, expected: int) -> None:
        path = self.path("rejected", self.located.models[0] if len(self.located.models) == 1 else None)
        discard(path)
        if expected:
            written = Observation()
            hidden = write_hidden(_counted(stage.reject(rows), written), path)
            if written.get["rows"] != expected:
                raise RuntimeError(f"{expected} rows were refused, but {written.get['rows']} on reading them again")
            publish(hidden, path, Written(expected, expected, 0.0, {"rows": 0}))

    def _require_unique(self, spark: SparkSession, features: tuple[FeatureFiles, ...]) -> None:
        for feature in features:
            require_unique_keys(spark, feature)
        raise RuntimeError("joining the feature tables changed the number of rows, though their keys are unique")


def _counted(frame: DataFrame, observation: Observation) -> DataFrame:
    return frame.observe(observation, F.count(F.lit(1)).alias("rows"))
