"""Settings that must be made before Spark starts, in a run that `spark-submit` did not start."""

from __future__ import annotations

import codecs
import locale
import os
import re
import resource
import sys
import tempfile
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path

from spark.session import launch_checks as checks
from spark.session import machine_checks as machine
from spark.session.java import JAVA_OPTIONS
from spark.session.project import PROJECT_DIRECTORY
from utils import UserError, printable

HEAP_PER_CORE_MIB = 512
SMALLEST_HEAP_MIB = 1536

MASTER_SETTING = re.compile(r"^[^#\n]*?(?:--master|\bspark\.master)[\s=:]+['\"]?([^\s'\"]+)", re.MULTILINE)


def drop_empty_variables() -> None:
    """Unset the empty environment variables of Spark, which Spark takes for a master, a path or a program named ''."""
    for name in [name for name, value in os.environ.items() if not value]:
        if name == "MASTER" or name.startswith(("SPARK_", "PYSPARK_")):
            del os.environ[name]


def settings_texts() -> list[str]:
    """Return the texts that Spark reads settings from: PYSPARK_SUBMIT_ARGS and spark-defaults.conf.

    They are read here because there is no JVM to ask yet.
    """
    from pyspark.find_spark_home import _find_spark_home

    directory = Path(os.environ.get("SPARK_CONF_DIR") or Path(_find_spark_home()) / "conf")
    file = directory / "spark-defaults.conf"
    return [os.environ.get("PYSPARK_SUBMIT_ARGS", ""), file.read_text() if file.is_file() else ""]


def masters_set() -> list[str]:
    """Return the masters set in PYSPARK_SUBMIT_ARGS, spark-defaults.conf and MASTER, where Spark looks for one.

    Spark binds to loopback or not when it starts.
    """
    found = [master for text in settings_texts() for master in MASTER_SETTING.findall(text)]
    return [*found, *filter(None, [os.environ.get("MASTER")])]


def is_java_directory_set(texts: Iterable[str], environment: Mapping[str, str]) -> bool:
    """Return whether the user's options give Java a temporary directory."""
    options = (environment.get(name, "") for name in ("SPARK_SUBMIT_OPTS", *JAVA_OPTIONS))
    return any("-Djava.io.tmpdir=" in text for text in (*texts, *options))


def java_locale(file_names: str, locale_encoding: str) -> dict[str, str]:
    """Return the variables that make Java encode file names as this Python does.

    file_names: encoding of Python's file names; UTF-8 also in the locale C, where Java's is ASCII.
    locale_encoding: encoding of the locale, which Java follows.
    """
    python, java = (codecs.lookup(name).name for name in (file_names, locale_encoding))
    return {"LC_ALL": "C.UTF-8"} if python == "utf-8" != java else {}


def require_whole_arguments(arguments: Iterable[str], file_names: str, locale_encoding: str) -> None:
    """Raise UserError if spark-submit has replaced characters of the arguments, which pass through its Java.

    The encodings are those of `java_locale`. Each byte of a character that is not ASCII becomes `?`.
    """
    spoiled = [each for each in arguments if "??" in each]
    if spoiled and java_locale(file_names, locale_encoding):
        raise UserError(
            f"spark-submit replaces characters that are not ASCII in this locale: {printable(spoiled[0])}.\n"
            "Start it with LC_ALL=C.UTF-8."
        )


def check_launch(masters: list[str]) -> None:
    """Raise UserError for what would keep Spark from starting on this machine. masters: of `masters_set`."""
    from pyspark.find_spark_home import _find_spark_home

    home = os.environ.get("SPARK_HOME")
    checks.require_spark_home(Path(home) if home else None, version("pyspark"))
    checks.require_no_separator({"The project": PROJECT_DIRECTORY, "Spark": Path(_find_spark_home())})
    checks.require_master(masters)
    machine.require_user_name(os.getuid())
    machine.require_open_files(resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    if not is_java_directory_set(settings_texts(), os.environ):
        machine.require_temporary_directory(Path(temporary_directory()))
    checks.require_local_directories([each for each in os.environ.get("SPARK_LOCAL_DIRS", "").split(",") if each])
    machine.require_loopback()
    checks.require_local_address(os.environ.get("SPARK_LOCAL_IP"))
    if all(master.startswith("local") for master in masters):
        checks.require_worker_python(os.environ.get("PYSPARK_PYTHON"))


def temporary_directory() -> str:
    """Return Python's temporary directory; raise UserError if there is none."""
    try:
        return tempfile.gettempdir()
    except OSError:
        raise UserError(
            "Temporary directory: cannot write to TMPDIR, /tmp, /var/tmp or here.\n"
            "Set TMPDIR to a directory where you may write."
        ) from None


def prepare_launch(local: bool) -> None:
    """Set the environment variables that Spark reads at its start, unless the user has set them.

    local: whether Spark runs on this machine only.
    """
    cores = os.cpu_count() or 1
    os.environ.setdefault("SPARK_DRIVER_MEMORY", f"{max(SMALLEST_HEAP_MIB, HEAP_PER_CORE_MIB * cores)}m")
    if local:
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")  # the only way to keep the UI on loopback
    os.environ.update(java_locale(sys.getfilesystemencoding(), locale.getencoding()))
    if not is_java_directory_set(settings_texts(), os.environ):  # Java itself does not read TMPDIR
        own = os.environ.get("SPARK_SUBMIT_OPTS", "")
        os.environ["SPARK_SUBMIT_OPTS"] = f'-Djava.io.tmpdir="{temporary_directory()}" {own}'.rstrip()
