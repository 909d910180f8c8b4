"""Spark's settings: the required ones, and defaults for settings that the user and the cluster did not make."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from spark.session.project import PROJECT_DIRECTORY

if TYPE_CHECKING:
    from pyspark import SparkConf

ATTEMPTS = 3  # per task in local mode, where Spark's default is 1; clusters use spark.task.maxFailures
SOCKET_PATH_BYTES = 103  # of macOS; Linux allows 107
SOCKET_NAME_BYTES = len("/.00000000-0000-0000-0000-000000000000.sock")  # Spark names a socket by a UUID
ARCHIVE = "memorization"  # directory of the unpacked archive of `make dist`: `--archives ...#memorization`

# Required: without these, results would be wrong or the output unreadable.
ALWAYS = {
    # mapInArrow matches columns by position; this compares the names too.
    "spark.sql.execution.arrow.pyspark.validateSchema.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
    # Columns of the data may differ only in case (index, Index).
    "spark.sql.caseSensitive": "true",
    # Workers write the files themselves: a speculative copy of a task could write into a published table.
    "spark.speculation": "false",
    "spark.ui.showConsoleProgress": "false",
    # Defaults of Spark 4. With those of Spark 3.5, numbers out of range would wrap, and old dates would stop the run.
    "spark.sql.ansi.enabled": "true",
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.int96RebaseModeInRead": "CORRECTED",
}

DEFAULTS = {
    "spark.sql.execution.arrow.maxRecordsPerBatch": "10000",
    "spark.sql.execution.arrow.maxBytesPerBatch": "64m",  # fewer rows per batch if sequences are long
    # Small partitions keep all cores busy until the end, and make the progress bar accurate.
    "spark.sql.files.maxPartitionBytes": "16m",
    "spark.sql.parquet.compression.codec": "zstd",
    # Spark compares this with the file size; Parquet of small counts is 20 times as large in memory.
    "spark.sql.autoBroadcastJoinThreshold": "8m",
    "spark.eventLog.enabled": "true",
    "spark.eventLog.compress": "true",
    # One thread per worker: Spark already runs one worker per core.
    "spark.executorEnv.NUMBA_NUM_THREADS": "1",
    "spark.executorEnv.RAYON_NUM_THREADS": "1",
    "spark.executorEnv.TOKENIZERS_PARALLELISM": "false",
    # Workers start as `python -m` in the user's directory; a utils.py there must not shadow this project's.
    "spark.executorEnv.PYTHONSAFEPATH": "1",
}


def settings(name: str, choose_master: bool, cores_a_task: int, temporary_directory: str) -> SparkConf:
    """Return Spark's configuration, with the required settings and the defaults added.

    choose_master: whether this program may choose the number of cores and attempts in local mode.
    cores_a_task: cores per task in local mode; clusters use `spark.task.cpus`.
    temporary_directory: of Java.
    """
    from pyspark import SparkConf

    configuration = SparkConf()
    cores = os.cpu_count() or 1
    if choose_master and configuration.get("spark.master") == "local[*]":  # Spark's default
        configuration.setMaster(f"local[{cores},{ATTEMPTS}]")
    defaults = dict(DEFAULTS)
    if (configuration.get("spark.master") or "").startswith("local"):
        defaults["spark.sql.shuffle.partitions"] = str(max(16, 4 * cores))
        # Not on a cluster: the sockets are in the temporary directory, and YARN's path is too long for a socket.
        defaults["spark.python.unix.domain.socket.enabled"] = str(sockets_fit(temporary_directory)).lower()
        configuration.setIfMissing("spark.task.cpus", str(cores_a_task))
    # As many threads as the task has cores, for language models; everything else uses one thread.
    defaults["spark.executorEnv.OMP_NUM_THREADS"] = configuration.get("spark.task.cpus") or "1"
    defaults["spark.executorEnv.PYTHONPATH"] = python_path(configuration)
    for key, value in defaults.items():
        configuration.setIfMissing(key, value)
    for key, value in ALWAYS.items():
        configuration.set(key, value)
    if configuration.get("spark.app.name") in (
        "pyspark-shell",
        Path(sys.argv[0]).name,
    ):  # Spark's defaults, not a chosen name
        configuration.setAppName(name)
    return configuration


def sockets_fit(directory: str) -> bool:
    """Return whether the path of a socket in this directory is short enough for every system."""
    return len(os.fsencode(directory)) + SOCKET_NAME_BYTES <= SOCKET_PATH_BYTES


def on_the_cluster(configuration: SparkConf) -> bool:
    """Return whether the cluster started this driver (`--deploy-mode cluster`); it then keeps the driver's output."""
    in_a_pod = configuration.get("spark.kubernetes.submitInDriver") == "true"
    return in_a_pod or configuration.get("spark.submit.deployMode") == "cluster"


def python_path(configuration: SparkConf) -> str:
    """Return the PYTHONPATH of workers: the archive sent to them, or this project's directory."""
    if (configuration.get("spark.master") or "").startswith("local"):
        return os.pathsep.join([str(PROJECT_DIRECTORY), *filter(None, [os.environ.get("PYTHONPATH")])])
    archives = [configuration.get(key) or "" for key in ("spark.archives", "spark.yarn.dist.archives")]
    sent = any(archive.endswith(f"#{ARCHIVE}") for archive in ",".join(archives).split(","))
    return ARCHIVE if sent else str(PROJECT_DIRECTORY)


def keep_event_log(configuration: SparkConf, directory: Path) -> None:
    """Make Spark write its event log into this directory, unless another one is configured."""
    if configuration.get("spark.eventLog.dir") is None:
        directory.mkdir(parents=True, exist_ok=True)
        configuration.set("spark.eventLog.dir", directory.resolve().as_uri())
