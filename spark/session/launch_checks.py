"""Check, before Spark starts, what on this machine would stop it.

Each function checks one thing, and raises UserError with the cause and the remedy.
"""

from __future__ import annotations

import json
import os
import pwd
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from utils import UserError, printable

MASTERS = ("local", "spark", "k8s", "yarn", "mesos")  # as SparkSubmit accepts them
OPEN_FILES = 512  # Spark 4.3 opens 279 .jar files; with a hard limit of 384 a small run still works
TEMPORARY_BYTES = 16 * 2**20  # Spark's Java unpacks native libraries: zstd is 2 MB
WORKER_MODULES = ("numba", "numpy", "pyarrow", "tokenizers")
# Prints the minor version of Python and the missing modules.
PROBE = """
import importlib.util, json, sys
missing = [name for name in sys.argv[1:] if importlib.util.find_spec(name) is None]
print(json.dumps(["%d.%d" % sys.version_info[:2], missing]))
"""


def require_user_name(user: int) -> None:
    """Require a name for a user id; Java's login module fails without one."""
    try:
        pwd.getpwuid(user)
    except KeyError:
        raise UserError(
            f"Spark needs the name of its user; user id {user} has none in /etc/passwd.\n"
            "Add a line for it, or run as a user with a name (Docker: leave out --user, or mount /etc/passwd)."
        ) from None


def require_open_files(hard_limit: int) -> None:
    """Require a hard limit on open files that suffices for Spark; -1 is no limit. Java raises the soft limit itself."""
    if 0 <= hard_limit < OPEN_FILES:
        raise UserError(
            f"Spark opens more than 300 files; the hard limit is {hard_limit} here.\n"
            "Raise it (`ulimit -Hn 4096` as root, Docker: --ulimit nofile=4096), then start again."
        )


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


def require_temporary_directory(directory: Path) -> None:
    """Require a temporary directory that Java can unpack native libraries in, and load them from."""
    remedy = "Set TMPDIR to a directory where you may write and run programs, or free some space."
    try:
        tempfile.TemporaryFile(dir=directory).close()
        state, free = os.statvfs(directory), shutil.disk_usage(directory).free
    except OSError as error:
        raise UserError(
            f"Temporary directory: cannot write to {printable(str(directory))}: {error.strerror}.\n{remedy}"
        ) from None
    if state.f_flag & os.ST_NOEXEC:
        raise UserError(
            f"Temporary directory: Spark's Java cannot load libraries from {printable(str(directory))}, which is "
            f"mounted noexec.\n{remedy}"
        )
    if free < TEMPORARY_BYTES:
        raise UserError(
            f"Temporary directory: expected {TEMPORARY_BYTES / 1e6:.0f} MB of free space, found {free / 1e6:.1f} MB in "
            f"{printable(str(directory))}.\n{remedy}"
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
