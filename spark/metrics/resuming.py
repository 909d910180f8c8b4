"""Recognize the tasks that an earlier attempt at a job finished: they had the same rows, and measured the same."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from filters.compiled import sources_hash
from filters.contract import Filter
from filters.measuring import Resources
from spark.metrics.feature_tables import FeatureFiles
from spark.runs.run_record import NOT_COMPARED, versions
from spark.sources.source import Source
from spark.storage.finished_tasks import UNFINISHED, Report, take_over
from spark.storage.paths import AnyPath, files_below

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from spark.metrics.job import MetricsJob

FILES = "FilePartition"  # the class of a task's input: parts of files, which Spark itself reads
SHUFFLE = "Exchange"  # the step of a plan after which a row may come in another task when the job is started again


class Attempt(NamedTuple):
    """An attempt at a job. directory: for its files. finished: the tasks of earlier attempts; their files are there."""

    directory: AnyPath
    finished: Mapping[int, Report]


def attempts_at(job: MetricsJob) -> AnyPath:
    """Return the directory of all attempts at a job."""
    return job.run_directory.resolve() / UNFINISHED / job.table("metrics", job.resolved.models[0])


def begin_attempt(
    job: MetricsJob, rows: DataFrame, source: Source, features: Sequence[FeatureFiles], measured: Sequence[Filter]
) -> Attempt | None:
    """Begin an attempt, with what earlier ones finished; None if the rows of a task may differ between attempts.

    rows: the frame of the job. source: that it is read from.
    """
    is_shared_out = any(each.asks_model for each in measured)  # then the id of a row decides its task
    division = [] if is_shared_out else _division_into_tasks(rows, source)
    if division is None:
        return None
    options = {name: value for name, value in job.configuration.as_json().items() if name not in NOT_COMPARED}
    model = job.language_model
    read = [*source.paths, *(path for feature in features for path in feature.files.paths)]
    read += sorted(files_below(model.directory).values()) if model is not None else []
    names = [each.name for each in measured]
    code, data = [versions(), sources_hash()], [division, [*_stamps(read)], *_contents(job.resolved.resources)]
    identity = [code, options, names, job.resolved.models, data]
    return Attempt(*take_over(attempts_at(job), identity))


def _division_into_tasks(rows: DataFrame, source: Source) -> list[str] | None:
    """Return the parts of files that each task reads; None if rows move between tasks.

    Spark reads a part of a Parquet file; Python reads a part of the source, by its number.
    """
    execution: Any = rows._jdf.queryExecution()
    if SHUFFLE in execution.executedPlan().toString():
        return None
    describe = rows.sparkSession._jvm.scala.runtime.ScalaRunTime.stringOf
    parts = [part for part in execution.toRdd().partitions() if part.getClass().getSimpleName() == FILES]
    read_by_spark = [describe(part.files()) for part in parts]
    return read_by_spark or [repr(part) for part in source.parts()]


def _contents(resources: Resources) -> tuple[str | None, str | None]:
    """Return the tokenizer, and a hash of the token frequencies."""
    vocabulary, frequencies = resources.vocabulary, resources.token_frequencies
    counts = None if frequencies is None else hashlib.sha256(frequencies.tobytes()).hexdigest()
    return None if vocabulary is None else vocabulary.tokenizer.to_str(), counts


def _stamps(paths: Iterable[AnyPath]) -> Iterator[tuple[str, int, int | None]]:
    """Yield path, size and time of change of each file; shared storage gives no time."""
    for path in paths:
        found = path.stat()
        yield str(path), found.st_size, getattr(found, "st_mtime_ns", None)
