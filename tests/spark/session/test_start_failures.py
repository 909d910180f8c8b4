"""A start that fails names the reason that Java gave, not one that was guessed."""

from __future__ import annotations

import pytest

from spark.session.remedies import LOCALE, MEMORY, PORTS
from spark.session.start_failures import ADVICE, start_failure

STARTING = "WARNING: Using incubator modules: jdk.incubator.vector\n"
TRACE = "\tat org.apache.spark.deploy.SparkSubmit.main(SparkSubmit.scala)\n"
CALLING = "An error occurred while calling None.org.apache.spark.api.java.JavaSparkContext.\n"


@pytest.mark.parametrize(
    ("text", "reason", "remedy"),
    [
        pytest.param(
            f'{STARTING}Exception in thread "main" org.apache.spark.SparkException: It must be set.\n{TRACE}',
            "SparkException: It must be set",
            ADVICE,
            id="Java ends",
        ),
        pytest.param(
            "Invalid maximum heap size: -Xmxabc\nError: Could not create the Java Virtual Machine.\n",
            "Invalid maximum heap size: -Xmxabc",
            MEMORY,
            id="no memory size",
        ),
        pytest.param(
            "Error occurred during initialization of VM\nCould not reserve enough space for 1KB object heap\n",
            "Could not reserve enough space for 1KB object heap",
            MEMORY,
            id="no memory",
        ),
        pytest.param(
            f"{CALLING}: java.net.BindException: Service 'SparkUI' failed after 16 retries!\n{TRACE}",
            "BindException: Service 'SparkUI' failed after 16 retries!",
            PORTS,
            id="no port",
        ),
        pytest.param(
            f"{CALLING}: a.B: c\n{TRACE}Caused by: d.E: f\n{TRACE}Caused by: java.nio.file.InvalidPathException: "
            f"Malformed input or input contains unmappable characters: /\x1b?ut\n{TRACE}",
            r"InvalidPathException: Malformed input or input contains unmappable characters: /\x1b?ut",
            LOCALE,
            id="the innermost cause",
        ),
        pytest.param(
            "2026-11-26 ERROR JavaUtils: first\njava.nio.file.NoSuchFileException: /x\n"
            "2026-11-26 ERROR DiskBlockManager: Failed to create any local dir.\n",
            "Failed to create any local dir",
            ADVICE,
            id="the last error in the log",
        ),
    ],
)
def test_the_reason_is_read_from_what_java_said(text: str, reason: str, remedy: str) -> None:
    assert start_failure(text) == f"Spark did not start: {reason} (details in run.log).\n{remedy}"


@pytest.mark.parametrize("text", ["", STARTING, "2026-11-26 WARN Utils: Service 'SparkUI' could not bind.\n"])
def test_no_reason_is_made_up(text: str) -> None:
    assert start_failure(text) is None
