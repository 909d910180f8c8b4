"""Start and stop the Spark session, with the settings of spark/session/settings.py."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from spark.session.java import use_java
from spark.session.launch import check_launch, drop_empty_variables, masters_set, prepare_launch
from spark.session.logs import Logs
from spark.session.machine_checks import require_working_directory
from spark.session.settings import keep_event_log, on_the_cluster, settings
from spark.session.spark_log import send_log_to, standard_error_to
from spark.session.start_failures import start_failure
from utils import UserError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def start_session(name: str, logs: Logs, cores_a_task: int = 1) -> SparkSession:
    """Return a Spark session that writes these logs.

    Settings of `spark-submit`, PYSPARK_SUBMIT_ARGS and spark-defaults.conf are kept, except those in `ALWAYS`.
    cores_a_task: cores per task in local mode.
    Raise UserError if there is no supported Java, if a check of `check_launch` fails, or if Spark does not start.
    """
    before = logs.file.stat().st_size if logs.file.is_file() else 0
    try:
        return _start(name, logs, cores_a_task)
    except UserError:
        raise
    except Exception as error:
        message = start_failure(str(error)) or start_failure(logs.file.read_bytes()[before:].decode(errors="replace"))
        found = UserError(message) if message else explained(error)
        if found is error:
            raise
        raise found from error


def explained(error: Exception) -> Exception:
    """Return a UserError if the error means that Spark's Java process has ended; else the error itself."""
    from py4j.protocol import Py4JError, Py4JJavaError

    is_lost = isinstance(error, Py4JError) and not isinstance(error, Py4JJavaError)
    if not is_lost and not isinstance(error, ConnectionError) and "JAVA_GATEWAY_EXITED" not in str(error):
        return error
    return UserError(
        "Spark's Java process ended: it was killed, or could not get its memory (see run.log).\n"
        "Continue with the same command and this run's --run_id."
    )


def stop_session(spark: SparkSession) -> None:
    """Stop the session; do nothing if its Java process has ended."""
    try:
        spark.stop()
    except Exception as error:
        if explained(error) is error:
            raise


def _start(name: str, logs: Logs, cores_a_task: int) -> SparkSession:
    under_spark_submit = "PYSPARK_GATEWAY_PORT" in os.environ
    masters = []
    if not under_spark_submit:
        drop_empty_variables()
        require_working_directory()
        use_java()
        masters = masters_set()
        check_launch(masters)
        prepare_launch(local=all(master.startswith("local") for master in masters))
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

    with standard_error_to(logs.file):
        SparkContext._ensure_initialized()  # starts the JVM, which knows the settings
        java_directory = SparkContext._jvm.java.lang.System.getProperty("java.io.tmpdir")
        configuration = settings(name, not under_spark_submit and not masters, cores_a_task, java_directory)
        keep_event_log(configuration, logs.events)
        if not on_the_cluster(configuration):
            send_log_to(SparkContext._jvm, logs.file)
        if not under_spark_submit:
            os.environ.setdefault("PYSPARK_PYTHON", configuration.get("spark.pyspark.python") or sys.executable)
        spark = SparkSession.builder.config(conf=configuration).getOrCreate()
    # When the Java process dies, PySpark prints a traceback; `explained` gives the message instead.
    spark.sparkContext._accumulatorServer.handle_error = lambda *request: None
    return spark
