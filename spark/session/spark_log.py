"""Send Spark's log (Log4j) to the run's log file instead of the terminal."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

# Characters unsafe in a terminal: controls except tab and line feed, and changes of text direction.
UNSAFE = r"[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u200b-\\u200f\\u2028-\\u202e\\u2066-\\u2069\\ufeff]"
SPARK_DEFAULTS = "org/apache/spark/log4j2-"  # where Spark keeps its default Log4j configuration


def send_log_to(jvm: Any, log_file: Path) -> None:
    """Log warnings and errors to a file, nothing to the terminal, unless the user or cluster configured Log4j."""
    jvm.SparkConf(True).initializeLogIfNecessary(False, True)  # else Spark does it later and overrides this
    log4j = jvm.org.apache.logging.log4j.core
    context = log4j.LoggerContext.getContext(False)
    configured_in = context.getConfiguration().getConfigurationSource().getLocation()
    if configured_in is not None and SPARK_DEFAULTS not in configured_in:
        return
    stream = jvm.java.io.ByteArrayInputStream(log_settings(log_file).encode("ascii"))
    source = log4j.config.ConfigurationSource(stream)
    factory = log4j.config.properties.PropertiesConfigurationFactory()
    log4j.config.Configurator.reconfigure(factory.getConfiguration(context, source))


def log_settings(log_file: Path) -> str:
    """Return a Log4j configuration that logs to this file, as a properties file."""
    lines = {
        "appender.file.type": "File",
        "appender.file.name": "file",
        "appender.file.fileName": properties_value(str(log_file.resolve())),
        "appender.file.append": "true",
        "appender.file.layout.type": "PatternLayout",
        "appender.file.layout.pattern": f"%d{{yyyy-MM-dd HH:mm:ss}} %p %c{{1}}: %replace{{%m%n%ex}}{{{UNSAFE}}}{{?}}",
        "rootLogger.level": "warn",
        "rootLogger.appenderRef.file.ref": "file",
    }
    return "".join(f"{key} = {value}\n" for key, value in lines.items())


def properties_value(text: str) -> str:
    """Return a text as a value of a Log4j properties file: ASCII, with escapes, and `${` taken as it is."""
    escaped = text.replace("\\", "\\\\").replace("${", "$${")
    units = escaped.encode("utf-16-be", "surrogatepass")
    codes = [int.from_bytes(units[at : at + 2], "big") for at in range(0, len(units), 2)]
    return "".join(chr(code) if 0x20 <= code < 0x7F else f"\\u{code:04x}" for code in codes)


@contextmanager
def standard_error_to(path: Path) -> Iterator[None]:
    """Redirect standard error of the processes started in the block (JVM, Python workers) to a file."""
    own = os.dup(2)
    with path.open("ab") as log_file:
        os.dup2(log_file.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(own, 2)
        os.close(own)
