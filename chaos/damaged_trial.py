"""Measure one damaged file in this process, and check the result."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow.parquet as pq

from chaos.independent_reading import VALUES, Reading
from filters.registry import choose_filters
from sample.paths import tokenizer_path
from spark.metrics.configuration import build_configuration
from spark.metrics.job import MetricsJob
from spark.metrics.jobs import resolve_jobs
from spark.metrics.planning import plan_sequence_tables
from spark.session.failures import failure_message
from spark.sources.resolver import Resolver
from utils import UserError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SECONDS_A_FILE = 120
LONGEST_MESSAGE = 1_500
LINES_OF_A_MESSAGE = 3
# Signs of a lost JVM or worker, of too little memory, and of an unexpected error.
CRASHES = ("Py4JNetworkError", "exited unexpectedly", "OutOfMemoryError", "Connection refused", "Traceback")


class Ending(NamedTuple):
    """How measuring a file ended. wrong: the fault in the result, None if there is none."""

    kind: str
    wrong: str | None = None


def try_file(spark: SparkSession, path: Path, reading: Reading) -> Ending:
    """Measure a file as the program does. reading: the content of the file by an independent reader."""
    configuration = build_configuration({"datasets": str(path), "tokenizer": str(tokenizer_path())})
    filters = choose_filters(configuration.filters)
    started = time.monotonic()
    try:
        with time_limit(SECONDS_A_FILE):
            resolver = Resolver(path.parent / "cache", {}, lambda _: None)
            (sequences,) = plan_sequence_tables(configuration)
            (job,) = resolve_jobs([sequences], filters, configuration, resolver, path.parent / "run")
            job.estimated_bytes()
            try:
                job.run(spark)
            except Exception as error:
                message = failure_message(error, str(sequences.location))
                return _check_message("the job fails with a message", message, path, started)
    except UserError as error:
        return _check_message("rejected with a message before Spark", str(error), path, started)
    except Exception as error:
        return Ending("error", f"{type(error).__name__}: {error}")
    return _check_tables(job, reading)


def _check_message(kind: str, message: str, path: Path, started: float) -> Ending:
    if time.monotonic() - started > SECONDS_A_FILE:
        return Ending("hang", f"{SECONDS_A_FILE} s")
    crash = next((words for words in CRASHES if words in message), None)
    lines = message.split("\n")
    if crash:
        return Ending(kind, f"{crash}: {message}")
    if str(path) not in message:
        return Ending(kind, f"the message does not name the file: {message}")
    if len(message) > LONGEST_MESSAGE or len(lines) > LINES_OF_A_MESSAGE or not all(map(str.isprintable, lines)):
        return Ending(kind, f"the message is not clear: {message}")
    return Ending(kind)


def _check_tables(job: MetricsJob, reading: Reading) -> Ending:
    (written,) = job.already_written().values()
    metrics, rejected = (
        _rows(Path(str(job.run_directory)) / job.table(kind, None)) for kind in ("metrics", "rejected")
    )
    kind = "measured, with rejected rows" if rejected else "measured"
    if (len(metrics), len(rejected)) != (written.counts["rows"], written.rows_rejected):
        return Ending(kind, f"the marker says {written}, the tables have {len(metrics)} and {len(rejected)} rows")
    if len(metrics) + len(rejected) != written.rows_read:
        return Ending(kind, f"{written.rows_read} rows read, {len(metrics)} measured and {len(rejected)} rejected")
    if reading.rows is None:
        return Ending(f"{kind}, but unreadable for the independent reader")
    if written.rows_read != reading.rows:
        return Ending(kind, f"{written.rows_read} rows read, {reading.rows} by the independent reader")
    ids = [row["sequence_id"] for row in metrics]
    if len(set(ids)) < len(ids):
        return Ending(kind, "an id occurs twice")
    other = next((row for row in metrics if not _agrees(row, reading)), None)
    return Ending(
        kind, None if other is None else f"sequence_id {other['sequence_id']} has other values: {other}"[:500]
    )


def _rows(directory: Path) -> Sequence[dict[str, Any]]:
    names = ["sequence_id", *VALUES]
    tables = [pq.ParquetFile(path) for path in directory.rglob("*.parquet")]
    return [
        row
        for file in tables
        for row in file.read([name for name in names if name in file.schema_arrow.names]).to_pylist()
    ]


def _agrees(row: dict[str, Any], reading: Reading) -> bool:
    """Return whether a measured row has the values of the file; the program computes a value that the file lacks."""
    expected = reading.values.get(row["sequence_id"])
    if expected is None:
        return not reading.values
    given = zip(VALUES, expected, strict=True)
    return all(value is None or row.get(name) == value for name, value in given)


@contextmanager
def time_limit(seconds: int) -> Iterator[None]:
    """Raise TimeoutError in the block after `seconds`; only for the main thread."""

    def stop(*_: object) -> None:
        raise TimeoutError(f"{seconds} s have passed")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
