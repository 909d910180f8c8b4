"""The Spark session: what every run needs set, and defaults for what its user and the cluster leave open."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from spark.configuration import PROJECT_DIRECTORY
from spark.java import use_java
from spark.run_directory import Logs
from spark.spark_log import send_log_to
from utils import UserError

if TYPE_CHECKING:
    from pyspark import SparkConf
    from pyspark.sql import SparkSession

HEAP_PER_CORE_MIB = 512
SMALLEST_HEAP_MIB = 1536
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
    "spark.executorEnv.OMP_NUM_THREADS": "1",
    "spark.executorEnv.NUMBA_NUM_THREADS": "1",
    "spark.executorEnv.RAYON_NUM_THREADS": "1",
    "spark.executorEnv.TOKENIZERS_PARALLELISM": "false",
}

MASTER_SETTING = re.compile(r"^[^#\n]*?(?:--master|\bspark\.master)[\s=:]+['\"]?([^\s'\"]+)", re.MULTILINE)


def start_session(name: str, logs: Logs) -> SparkSession:
    """A Spark session that writes these logs.

    What `spark-submit`, PYSPARK_SUBMIT_ARGS or spark-defaults.conf set is kept, except for ALWAYS.
    Raises UserError where there is no Java to run it, or where it ends while it starts.
    """
    try:
        return _start(name, logs)
    except Exception as error:
        found = explained(error)
        if found is error:
            raise
        raise found from error


def explained(error: Exception) -> Exception:
    """The error itself, or a UserError where it comes of Spark's Java process being gone."""
    from py4j.protocol import Py4JError, Py4JJavaError

    is_lost = isinstance(error, Py4JError) and not isinstance(error, Py4JJavaError)
    if not is_lost and not isinstance(error, ConnectionError) and "JAVA_GATEWAY_EXITED" not in str(error):
        return error
    return UserError(
        "Spark's Java process is gone: killed, or without the memory that it asked for (see run.log). "
        "The same command with --run_id of this run measures what is missing."
    )


def stop_session(spark: SparkSession) -> None:
    """Stops the session, where its Java process still lives to be told."""
    try:
        spark.stop()
    except Exception as error:
        if explained(error) is error:
            raise


def _start(name: str, logs: Logs) -> SparkSession:
    under_spark_submit = "PYSPARK_GATEWAY_PORT" in os.environ
    masters = [] if under_spark_submit else masters_set()
    if not under_spark_submit:
        use_java()
        prepare_launch(local=all(master.startswith("local") for master in masters))
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

    with standard_error_to(logs.file):
        SparkContext._ensure_initialized()  # the JVM, which knows the settings
        configuration = settings(name, choose_master=not under_spark_submit and not masters)
        keep_event_log(configuration, logs.events)
        if not on_the_cluster(configuration):
            send_log_to(SparkContext._jvm, logs.file)
        if not under_spark_submit:
            os.environ.setdefault("PYSPARK_PYTHON", configuration.get("spark.pyspark.python") or sys.executable)
        spark = SparkSession.builder.config(conf=configuration).getOrCreate()
    # PySpark would print a traceback where the Java process dies; `explained` says it in words.
    spark.sparkContext._accumulatorServer.handle_error = lambda *request: None
    return spark


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


def masters_set() -> list[str]:
    """The masters named where Spark will look, in a run that `spark-submit` did not start.

    They are needed before there is a JVM to ask: whether Spark keeps to loopback is settled when it starts.
    """
    from pyspark.find_spark_home import _find_spark_home

    directory = Path(os.environ.get("SPARK_CONF_DIR") or Path(_find_spark_home()) / "conf")
    file = directory / "spark-defaults.conf"
    texts = [os.environ.get("PYSPARK_SUBMIT_ARGS", ""), file.read_text() if file.is_file() else ""]
    found = [master for text in texts for master in MASTER_SETTING.findall(text)]
    return [*found, *filter(None, [os.environ.get("MASTER")])]


def prepare_launch(local: bool) -> None:
    """Sets in the environment what must be known before Spark starts; settings of the user's own go before it."""
    cores = os.cpu_count() or 1
    os.environ.setdefault("SPARK_DRIVER_MEMORY", f"{max(SMALLEST_HEAP_MIB, HEAP_PER_CORE_MIB * cores)}m")
    if local:
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")  # the only way to keep the UI on loopback


def settings(name: str, choose_master: bool) -> SparkConf:
    """What the session is started with: Spark's own settings, completed."""
    from pyspark import SparkConf

    configuration = SparkConf()
    cores = os.cpu_count() or 1
    if choose_master:
        configuration.setMaster(f"local[{cores},{ATTEMPTS}]")
    defaults = dict(DEFAULTS)
    if (configuration.get("spark.master") or "").startswith("local"):
        defaults["spark.sql.shuffle.partitions"] = str(max(16, 4 * cores))
        # Not on a cluster: the sockets lie in the directory for temporary files, and YARN's has too long a name.
        defaults["spark.python.unix.domain.socket.enabled"] = "true"
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
