"""The Python stage of a job: it measures Arrow batches, and writes files of measured and rejected rows.

The workers write the files themselves: returning the rows to Spark for writing takes more time than all filters
together. A file counts only if its task has succeeded; the task then returns a report that names the file.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa
from pyspark.sql import functions as F  # noqa: N812

from filters.contract import Filter
from filters.measuring import MeasuredBatch, Resources, measure_batch
from spark.metrics.output_schema import REASON_KIND, OutputSchema
from spark.session.job_descriptions import MERGE_FILES, phase
from spark.session.model_memory import keep_memory_of_models
from spark.session.task_device import on_the_tasks_device
from spark.sources.internal_columns import REJECTION
from spark.sources.rejection import reasons_of
from spark.storage.finished_tasks import Report, keep_report
from spark.storage.merging import merge_small_files
from spark.storage.paths import AnyPath
from spark.storage.task_files import TaskFiles, add_up, keep_only, task_file_name, task_number
from utils import UserError

if TYPE_CHECKING:
    from pyspark import Accumulator, Broadcast
    from pyspark.sql import DataFrame

REJECTED = "rejected"


class Outcome(NamedTuple):
    """The number of rows that the stage read, of those that it rejected by the kind of the reason, and the counts of
    the table of each model.
    """

    rows: int
    rejected: dict[str, int]
    counts: dict[str | None, dict[str, int]]


@dataclass(frozen=True)
class Stage:
    """The stage of one job, as it is sent to the workers.

    measured: the filters to measure; the columns of the others are joined, or are in the rows already.
    directory: where the tables are written: one directory per model, and one for the rejected rows.
    rows_done: counts the rows of finished tasks, to show the progress.
    keeps_reports: whether a task leaves its report, so that another attempt at the job can go on with its files.
    """

    output_schema: OutputSchema
    measured: tuple[Filter, ...]
    models: tuple[str | None, ...]
    resources: Broadcast[Resources]
    directory: AnyPath
    rows_done: Accumulator[int]
    keeps_reports: bool = False

    def run(self, frame: DataFrame, finished: Mapping[int, Report] | None = None) -> Outcome:
        """Measure every row of the frame, write the tables, and return the counts.

        finished: reports of tasks by number; their files are in the directory already.
        """
        if finished:
            frame = frame.where(~F.spark_partition_id().isin([*finished]))
            self.rows_done.add(sum(report["rows"] for report in finished.values()))
        tables = (REJECTED, *map(table_name, self.models))
        for name in tables:
            (self.directory / name).mkdir(parents=True, exist_ok=True)
        reports = [json.loads(row[0]) for row in frame.mapInArrow(self._run_task, "report string").collect()]
        reports += (finished or {}).values()
        keep_only(self.directory, (report["file"] for report in reports))
        with phase(frame.sparkSession, MERGE_FILES):
            for name in tables:
                merge_small_files(frame.sparkSession, self.directory / name)
        rows = sum(report["rows"] for report in reports)
        rejected = add_up(report["rejected"] for report in reports)
        counts = {
            model: {"rows": 0} | add_up(report["counts"][position] for report in reports)
            for position, model in enumerate(self.models)
        }
        return Outcome(rows, dict(rejected.most_common()), counts)

    def table_directory(self, model: str | None) -> AnyPath:
        """Return the directory where the table of a model is written."""
        return self.directory / table_name(model)

    def _run_task(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Measure and write the batches of one task; yield one row, the report as JSON."""
        file_name, resources = task_file_name(), on_the_device(self.resources.value)
        rows, rejected_rows = 0, Counter[str]()
        counts: list[Counter[str]] = [Counter() for _ in self.models]
        with TaskFiles(self.directory, file_name) as files:
            for batch in batches:
                measured = self._measure(batch, resources)
                for model, counted in zip(self.models, counts, strict=True):
                    table = self.output_schema.metrics(batch, measured, model)
                    counted.update(self.output_schema.count(table))
                    files.add(table_name(model), table)
                rejected = self.output_schema.rejected(batch, measured)
                files.add(REJECTED, rejected)
                rejected_rows.update(rejected[REASON_KIND].to_pylist())
                rows += len(batch)
        self.rows_done.add(rows)
        report = {"file": file_name, "rows": rows, "rejected": rejected_rows, "counts": counts}
        if self.keeps_reports and rows:
            keep_report(self.directory, {**report, "task": task_number(), "files": files.sizes()})
        yield pa.RecordBatch.from_pydict({"report": [json.dumps(report)]})

    def _measure(self, batch: pa.RecordBatch, resources: Resources) -> MeasuredBatch:
        try:
            return self._measure_rows(batch, resources)
        except UserError:
            raise
        except Exception as error:
            raise RuntimeError(self._failure_message(batch, resources, error)) from None

    def _measure_rows(self, batch: pa.RecordBatch, resources: Resources) -> MeasuredBatch:
        tokens = batch["tokens"] if "tokens" in batch.schema.names else None
        text = batch["text"] if "text" in batch.schema.names else None
        return measure_batch(tokens, text, self.measured, resources, reasons_of(batch[REJECTION]))

    def _failure_message(self, batch: pa.RecordBatch, resources: Resources, error: Exception) -> str:
        """Return a message that names the row and the filter that failed, found by halving the batch."""
        while len(batch) > 1:
            half = batch.slice(0, len(batch) // 2)
            batch = half if self._fails(half, resources) else batch.slice(len(batch) // 2)
        failing = [each.name for each in self.measured if self._with_only(each)._fails(batch, resources)]
        where = f"sequence_id {batch['sequence_id'][0].as_py()}" if len(batch) else "an empty batch"
        return f"{', '.join(failing) or 'measuring'} failed on {where}: {type(error).__name__}: {error}"

    def _with_only(self, one: Filter) -> Stage:
        return replace(self, measured=(one,))

    def _fails(self, batch: pa.RecordBatch, resources: Resources) -> bool:
        try:
            self._measure_rows(batch, resources)
        except Exception:
            return True
        return False


def table_name(model: str | None) -> str:
    """Return the name of the directory of a model's table, inside the directory of the stage."""
    return f"metrics-{model}"


def on_the_device(resources: Resources) -> Resources:
    """Return the resources with the language model, if there is one, on the device of the task."""
    model = resources.language_model
    if model is None:
        return resources
    keep_memory_of_models()
    return replace(resources, language_model=on_the_tasks_device(model))
