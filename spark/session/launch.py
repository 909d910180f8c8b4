"""Settings that must be made before Spark starts, in a run that `spark-submit` did not start."""

from __future__ import annotations

import os
import re
from pathlib import Path

HEAP_PER_CORE_MIB = 512
SMALLEST_HEAP_MIB = 1536

MASTER_SETTING = re.compile(r"^[^#\n]*?(?:--master|\bspark\.master)[\s=:]+['\"]?([^\s'\"]+)", re.MULTILINE)


def masters_set() -> list[str]:
    """Return the masters set in PYSPARK_SUBMIT_ARGS, spark-defaults.conf and MASTER, where Spark looks for one.

    They are read here because there is no JVM to ask yet, and Spark binds to loopback or not when it starts.
    """
    from pyspark.find_spark_home import _find_spark_home

    directory = Path(os.environ.get("SPARK_CONF_DIR") or Path(_find_spark_home()) / "conf")
    file = directory / "spark-defaults.conf"
    texts = [os.environ.get("PYSPARK_SUBMIT_ARGS", ""), file.read_text() if file.is_file() else ""]
    found = [master for text in texts for master in MASTER_SETTING.findall(text)]
    return [*found, *filter(None, [os.environ.get("MASTER")])]


def prepare_launch(local: bool) -> None:
    """Set the environment variables that Spark reads at its start, unless the user has set them.

    local: whether Spark runs on this machine only.
    """
    cores = os.cpu_count() or 1
    os.environ.setdefault("SPARK_DRIVER_MEMORY", f"{max(SMALLEST_HEAP_MIB, HEAP_PER_CORE_MIB * cores)}m")
    if local:
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")  # the only way to keep the UI on loopback
