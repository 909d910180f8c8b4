"""The Spark session: from its start, with the settings of spark/session/settings.py, to its end."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from spark.session.java import use_java
from spark.session.launch import masters_set, prepare_launch
from spark.session.logs import Logs
from spark.session.settings import keep_event_log, on_the_cluster, settings
from spark.session.spark_log import send_log_to, standard_error_to
from utils import UserError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def start_session(name: str, logs: Logs, cores_a_task: int = 1) -> SparkSession:
    """A Spark session that writes these logs.

    cores_a_task: of this machine, where it runs here.
    What `spark-submit`, PYSPARK_SUBMIT_ARGS or spark-defaults.conf set is kept, except for ALWAYS.
    Raises UserError where there is no Java to run it, or where it ends while it starts.
    """
    try:
        return _start(name, logs, cores_a_task)
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


def _start(name: str, logs: Logs, cores_a_task: int) -> SparkSession:
    under_spark_submit = "PYSPARK_GATEWAY_PORT" in os.environ
    masters = [] if under_spark_submit else masters_set()
    if not under_spark_submit:
        use_java()
        prepare_launch(local=all(master.startswith("local") for master in masters))
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

    with standard_error_to(logs.file):
        SparkContext._ensure_initialized()  # the JVM, which knows the settings
        configuration = settings(name, not under_spark_submit and not masters, cores_a_task)
        keep_event_log(configuration, logs.events)
        if not on_the_cluster(configuration):
            send_log_to(SparkContext._jvm, logs.file)
        if not under_spark_submit:
            os.environ.setdefault("PYSPARK_PYTHON", configuration.get("spark.pyspark.python") or sys.executable)
        spark = SparkSession.builder.config(conf=configuration).getOrCreate()
    # PySpark would print a traceback where the Java process dies; `explained` says it in words.
    spark.sparkContext._accumulatorServer.handle_error = lambda *request: None
    return spark
