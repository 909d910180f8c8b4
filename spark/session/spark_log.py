"""Spark's own log, by Log4j: into the run's file instead of the terminal."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

# What a terminal could take for more than text: controls but for tabs and line feeds, and changes of direction.
UNSAFE = r"[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u200b-\\u200f\\u2028-\\u202e\\u2066-\\u2069\\ufeff]"
SPARKS_OWN = "org/apache/spark/log4j2-"  # the settings that Spark falls back on


def send_log_to(jvm: Any, log_file: Path) -> None:
    """Sends warnings and errors to a file and nothing to the terminal, unless the user or cluster configured Log4j."""
    jvm.SparkConf(True).initializeLogIfNecessary(False, True)  # or Spark does it later, and undoes ours
    log4j = jvm.org.apache.logging.log4j.core
    context = log4j.LoggerContext.getContext(False)
    configured_in = context.getConfiguration().getConfigurationSource().getLocation()
    if configured_in is not None and SPARKS_OWN not in configured_in:
        return
    stream = jvm.java.io.ByteArrayInputStream(log_settings(log_file).encode())
    source = log4j.config.ConfigurationSource(stream)
    factory = log4j.config.properties.PropertiesConfigurationFactory()
    log4j.config.Configurator.reconfigure(factory.getConfiguration(context, source))


def log_settings(log_file: Path) -> str:
    """Log4j's settings, in the form of its properties files."""
    lines = {
        "appender.file.type": "File",
        "appender.file.name": "file",
        "appender.file.fileName": str(log_file.resolve()),
        "appender.file.append": "true",
        "appender.file.layout.type": "PatternLayout",
        "appender.file.layout.pattern": f"%d{{yyyy-MM-dd HH:mm:ss}} %p %c{{1}}: %replace{{%m%n%ex}}{{{UNSAFE}}}{{?}}",
        "rootLogger.level": "warn",
        "rootLogger.appenderRef.file.ref": "file",
    }
    return "".join(f"{key} = {value}\n" for key, value in lines.items())


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
