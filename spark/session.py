"""The Spark session: what every run needs set, and what it leaves to `spark-submit`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from spark.configuration import PROJECT_DIRECTORY
from spark.java import use_java

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

HEAP_PER_CORE_MIB = 512
SMALLEST_HEAP_MIB = 1536

# One thread a worker: Spark already runs one worker a core.
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
    "RAYON_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
}

ALWAYS = {
    # mapInArrow matches columns by position: have Spark compare the names too.
    "spark.sql.execution.arrow.pyspark.validateSchema.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
    # Users' columns may differ in case alone (index, Index).
    "spark.sql.caseSensitive": "true",
    "spark.ui.showConsoleProgress": "false",
}

DEFAULTS = {
    "spark.sql.execution.arrow.maxRecordsPerBatch": "10000",
    "spark.sql.execution.arrow.maxBytesPerBatch": "64m",  # fewer rows a batch where sequences are long
    # Small partitions keep every core busy to the end, and the progress bar honest.
    "spark.sql.files.maxPartitionBytes": "16m",
    "spark.sql.parquet.compression.codec": "zstd",
    # Spark compares this with the size of the files: Parquet of small counts is 20 times as large in memory.
    "spark.sql.autoBroadcastJoinThreshold": "8m",
    "spark.python.unix.domain.socket.enabled": "true",
}


def start_session(name: str, run_directory: Path) -> SparkSession:
    """A Spark session that logs to `run.log` and leaves its event log in the run's directory.

    Raises UserError where there is no Java to run it.
    """
    under_spark_submit = "PYSPARK_GATEWAY_PORT" in os.environ
    if not under_spark_submit:
        use_java()
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")  # the only way to keep the UI on loopback
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    from pyspark.sql import SparkSession

    settings = ALWAYS | DEFAULTS | _worker_environment() | _event_log(run_directory)
    if not under_spark_submit:
        settings |= _local_settings(run_directory)
    builder = SparkSession.builder.appName(name)
    for key, value in settings.items():
        builder = builder.config(key, value)
    with standard_error_to(run_directory / "run.log"):
        return builder.getOrCreate()


@contextmanager
def standard_error_to(path: Path) -> Iterator[None]:
    """Has the processes that start in the block, the JVM and its Python workers, write their errors to a file."""
    own = os.dup(2)
    with path.open("ab") as log_file:
        os.dup2(log_file.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(own, 2)
        os.close(own)


def _worker_environment() -> dict[str, str]:
    paths = [str(PROJECT_DIRECTORY), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = ONE_THREAD | {"PYTHONPATH": os.pathsep.join(paths)}
    return {f"spark.executorEnv.{key}": value for key, value in environment.items()}


def _event_log(run_directory: Path) -> dict[str, str]:
    directory = run_directory / "spark-events"
    directory.mkdir(parents=True, exist_ok=True)
    return {
        "spark.eventLog.enabled": "true",
        "spark.eventLog.compress": "true",
        "spark.eventLog.dir": directory.resolve().as_uri(),
    }


def _local_settings(run_directory: Path) -> dict[str, str]:
    cores = os.cpu_count() or 1
    heap = max(SMALLEST_HEAP_MIB, HEAP_PER_CORE_MIB * cores)
    log_settings = _write_log_settings(run_directory)
    return {
        "spark.master": f"local[{cores}]",
        "spark.driver.memory": f"{heap}m",
        "spark.driver.extraJavaOptions": f"-Dlog4j2.configurationFile={log_settings.as_uri()}",
        "spark.sql.shuffle.partitions": str(max(16, 4 * cores)),
    }


def _write_log_settings(run_directory: Path) -> Path:
    """Log4j's settings: warnings go to `run.log`, nothing to the terminal."""
    path = (run_directory / "spark-events" / ".log4j2.properties").resolve()
    log_file = (run_directory / "run.log").resolve()
    lines = {
        "appender.file.type": "File",
        "appender.file.name": "file",
        "appender.file.fileName": str(log_file),
        "appender.file.append": "true",
        "appender.file.layout.type": "PatternLayout",
        "appender.file.layout.pattern": "%d{yyyy-MM-dd HH:mm:ss} %p %c{1}: %m%n%ex",
        "rootLogger.level": "warn",
        "rootLogger.appenderRef.file.ref": "file",
    }
    path.write_text("".join(f"{key} = {value}\n" for key, value in lines.items()))
    return path
