"""What a user can do about causes that only show when Spark runs."""

from __future__ import annotations

import os
import re

from utils import printable

MEMORY = "Set SPARK_DRIVER_MEMORY to what this machine has, at least 1g."
PORTS = "End other programs, or let Spark choose: PYSPARK_SUBMIT_ARGS='--conf spark.ui.port=0 pyspark-shell'."
LOCALE = "Java reads file names as the locale says: start with LC_ALL=C.UTF-8 (executors: spark.executorEnv.LC_ALL)."

REMEDIES = (
    (re.compile(r"unmappable characters|InvalidPathException: Malformed input"), LOCALE),
    (re.compile(r"reserve enough space|heap size|insufficient .*memory|driver memory", re.IGNORECASE), MEMORY),
    (re.compile(r"Failed to bind SparkUI|'SparkUI' failed after"), PORTS),
)


def remedy_for(cause: str) -> str | None:
    """Return what to do about a cause, in one line; None if nothing is known."""
    if cause.startswith("ModuleNotFoundError"):
        python = printable(os.environ.get("PYSPARK_PYTHON", "python3"))
        return f"Spark's workers run {python}: set PYSPARK_PYTHON to a Python with the packages of requirements.txt."
    return next((remedy for pattern, remedy in REMEDIES if pattern.search(cause)), None)
