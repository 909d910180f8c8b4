"""Spark's settings: what every run needs, and defaults for what its user and the cluster leave open."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from spark.session.project import PROJECT_DIRECTORY

if TYPE_CHECKING:
    from pyspark import SparkConf

ATTEMPTS = 3  # of a task in local mode, where Spark itself tries once; a cluster's are spark.task.maxFailures
ARCHIVE = "memorization"  # what `make dist` builds, as `--archives ...#memorization` unpacks it

# Without these a run would be wrong, or unreadable.
ALWAYS = {
    # mapInArrow matches columns by position: have Spark compare the names too.
    "spark.sql.execution.arrow.pyspark.validateSchema.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
    # Users' columns may differ in case alone (index, Index).
    "spark.sql.caseSensitive": "true",
    # Workers write the files themselves: a second copy of a task could write into a table that is there already.
    "spark.speculation": "false",
    "spark.ui.showConsoleProgress": "false",
    # As Spark 4 has them; in Spark 3.5 a number that is too large would wrap, and an old date stop the run.
    "spark.sql.ansi.enabled": "true",
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.int96RebaseModeInRead": "CORRECTED",
}

DEFAULTS = {
    "spark.sql.execution.arrow.maxRecordsPerBatch": "10000",
    "spark.sql.execution.arrow.maxBytesPerBatch": "64m",  # fewer rows a batch where sequences are long
    # Small partitions keep every core busy to the end, and the progress bar honest.
    "spark.sql.files.maxPartitionBytes": "16m",
    "spark.sql.parquet.compression.codec": "zstd",
    # Spark compares this with the size of the files: Parquet of small counts is 20 times as large in memory.
    "spark.sql.autoBroadcastJoinThreshold": "8m",
    "spark.eventLog.enabled": "true",
    "spark.eventLog.compress": "true",
    # One thread a worker: Spark already runs one worker a core.
    "spark.executorEnv.NUMBA_NUM_THREADS": "1",
    "spark.executorEnv.RAYON_NUM_THREADS": "1",
    "spark.executorEnv.TOKENIZERS_PARALLELISM": "false",
    # Workers start as `python -m` in the user's directory: keep a utils.py there from shadowing this project's.
    "spark.executorEnv.PYTHONSAFEPATH": "1",
}


def settings(name: str, choose_master: bool, cores_a_task: int) -> SparkConf:
    """What the session is started with: Spark's own settings, completed.

    cores_a_task: what a task is given on this machine; on a cluster `spark.task.cpus` says it.
    """
    from pyspark import SparkConf

    configuration = SparkConf()
    cores = os.cpu_count() or 1
    if choose_master and configuration.get("spark.master") == "local[*]":  # what Spark falls back on
        configuration.setMaster(f"local[{cores},{ATTEMPTS}]")
    defaults = dict(DEFAULTS)
    if (configuration.get("spark.master") or "").startswith("local"):
        defaults["spark.sql.shuffle.partitions"] = str(max(16, 4 * cores))
        # Not on a cluster: the sockets lie in the directory for temporary files, and YARN's has too long a name.
        defaults["spark.python.unix.domain.socket.enabled"] = "true"
        configuration.setIfMissing("spark.task.cpus", str(cores_a_task))
    # A worker has as many threads as its task has cores: they serve a language model, all else uses one.
    defaults["spark.executorEnv.OMP_NUM_THREADS"] = configuration.get("spark.task.cpus") or "1"
    defaults["spark.executorEnv.PYTHONPATH"] = python_path(configuration)
    for key, value in defaults.items():
        configuration.setIfMissing(key, value)
    for key, value in ALWAYS.items():
        configuration.set(key, value)
    if configuration.get("spark.app.name") in ("pyspark-shell", Path(sys.argv[0]).name):  # not chosen by anybody
        configuration.setAppName(name)
    return configuration


def on_the_cluster(configuration: SparkConf) -> bool:
    """Whether this driver itself was started by the cluster (`--deploy-mode cluster`), which keeps what it prints."""
    in_a_pod = configuration.get("spark.kubernetes.submitInDriver") == "true"
    return in_a_pod or configuration.get("spark.submit.deployMode") == "cluster"


def python_path(configuration: SparkConf) -> str:
    """Where Python workers find this project: in the archive that was sent to them, or where it lies here."""
    if (configuration.get("spark.master") or "").startswith("local"):
        return os.pathsep.join([str(PROJECT_DIRECTORY), *filter(None, [os.environ.get("PYTHONPATH")])])
    archives = [configuration.get(key) or "" for key in ("spark.archives", "spark.yarn.dist.archives")]
    sent = any(archive.endswith(f"#{ARCHIVE}") for archive in ",".join(archives).split(","))
    return ARCHIVE if sent else str(PROJECT_DIRECTORY)


def keep_event_log(configuration: SparkConf, directory: Path) -> None:
    """Has Spark write its event log into this directory, where no other one was chosen."""
    if configuration.get("spark.eventLog.dir") is None:
        directory.mkdir(parents=True, exist_ok=True)
        configuration.set("spark.eventLog.dir", directory.resolve().as_uri())
