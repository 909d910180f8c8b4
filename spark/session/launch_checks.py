"""Check, before Spark starts, the variables and paths that it is started with.

Each function checks one thing, and raises UserError with the cause and the remedy.
"""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from utils import UserError, printable

MASTERS = ("local", "spark", "k8s", "yarn", "mesos")  # as SparkSubmit accepts them
WORKER_MODULES = ("numba", "numpy", "pyarrow", "tokenizers")
# Prints the minor version of Python and the missing modules.
PROBE = """
import importlib.util, json, sys
missing = [name for name in sys.argv[1:] if importlib.util.find_spec(name) is None]
print(json.dumps(["%d.%d" % sys.version_info[:2], missing]))
"""


def require_no_separator(paths: Mapping[str, Path]) -> None:
    """Require paths, by what they are, without the character that separates paths for Python and Java."""
    for name, path in paths.items():
        if os.pathsep in str(path):
            raise UserError(
                f"{name} is in {printable(str(path))}; Python and Java split paths at {os.pathsep!r}.\n"
                f"Move it to a path without {os.pathsep!r}."
            )


def require_master(masters: Sequence[str]) -> None:
    """Require that Spark knows the first master, which takes precedence."""
    for master in masters[:1]:
        if not master.startswith(MASTERS):
            raise UserError(
                f"Spark's master: expected local[N], spark://HOST:PORT, yarn or k8s://HOST:PORT, found "
                f"{printable(master)}.\n"
                "Correct or remove it in PYSPARK_SUBMIT_ARGS, spark-defaults.conf or the variable MASTER."
            )


def require_spark_home(home: Path | None, version: str) -> None:
    """Require that SPARK_HOME (None if not set) holds a Spark of the version of the installed pyspark."""
    if home is None:
        return
    remedy = "Unset SPARK_HOME: the installed pyspark brings its own Spark."
    if not (home / "bin" / "spark-submit").is_file():
        raise UserError(f"SPARK_HOME: expected a Spark, found no bin/spark-submit in {printable(str(home))}.\n{remedy}")
    jars = [path.name for path in home.glob("jars/spark-core_*.jar")]
    found = [match[1] for match in (re.search(r"-(\d+\.\d+)\.", name) for name in jars) if match]
    if found and not version.startswith(f"{found[0]}."):
        raise UserError(
            f"SPARK_HOME: expected Spark {version} as the installed pyspark, found Spark {found[0]} in "
            f"{printable(str(home))}.\n{remedy}"
        )


def require_local_directories(directories: Sequence[str]) -> None:
    """Require that one of SPARK_LOCAL_DIRS, if any is set, can be written; Spark spills to it."""
    problems = [problem for problem in map(_problem_of_writing, directories) if problem]
    if directories and len(problems) == len(directories):
        raise UserError(
            f"SPARK_LOCAL_DIRS: cannot write to {problems[0]}.\nUnset it, or give directories that you may write to."
        )


def _problem_of_writing(directory: str) -> str | None:
    try:
        Path(directory).mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=directory).close()
    except OSError as error:
        return f"{printable(directory)}: {error.strerror}"
    return None


def require_local_address(address: str | None) -> None:
    """Require that SPARK_LOCAL_IP, if set, is an address of this machine."""
    if not address:
        return
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(address, 0, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as trial:
            trial.bind(place)
    except OSError as error:
        raise UserError(
            f"SPARK_LOCAL_IP: expected an address of this machine, found {printable(address)}: {error.strerror}.\n"
            "Unset it, or give one of `hostname -I`."
        ) from None


def require_worker_python(python: str | None, modules: Iterable[str] = WORKER_MODULES) -> None:
    """Require that PYSPARK_PYTHON, if set, runs, is of this Python's minor version, and has the workers' packages."""
    if not python or python == sys.executable:
        return
    remedy = f"Unset PYSPARK_PYTHON, or set it to {printable(sys.executable)}."
    try:
        answer = subprocess.run([python, "-c", PROBE, *modules], capture_output=True, text=True, timeout=60)
        version, missing = json.loads(answer.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        reason = getattr(error, "strerror", None) or "it gives no answer"
        raise UserError(f"PYSPARK_PYTHON: cannot run {printable(python)}: {reason}.\n{remedy}") from None
    wanted = f"{sys.version_info.major}.{sys.version_info.minor}"
    if version != wanted:
        raise UserError(
            f"PYSPARK_PYTHON: expected Python {wanted} as here, found {version} in {printable(python)}.\n{remedy}"
        )
    if missing:
        raise UserError(f"PYSPARK_PYTHON: {printable(python)} lacks {', '.join(missing)}.\n{remedy}")
