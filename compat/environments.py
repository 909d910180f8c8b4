"""Python environments in `.compat/`, one per version of Spark: the project's requirements with another pyspark."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from utils import UserError

PROJECT = Path(__file__).resolve().parent.parent
ENVIRONMENTS = PROJECT / ".compat"
TO_TEST = frozenset(
    {"pytest", "pytest-timeout", "hypothesis", "psutil", "moto", "flask", "flask-cors", "polars", "duckdb"}
)


def known_versions() -> list[str]:
    """Return the versions of Spark that have a file `compat/spark-VERSION.txt`, oldest first."""
    names = (path.stem.removeprefix("spark-") for path in Path(__file__).parent.glob("spark-*.txt"))
    return sorted(names, key=lambda name: [int(part) for part in name.split(".")])


def environment_python(version: str) -> Path:
    """Return the Python of a version's environment; create or update the environment if needed.

    Raises UserError if that fails.
    """
    directory = ENVIRONMENTS / version
    python = directory / "bin" / "python"
    files = {"requirements.txt": requirements(version), "constraints.txt": constraints(version)}
    ready = directory / "ready"
    if ready.exists() and ready.read_text() == "".join(files.values()):
        return python
    print(f"Installing into {directory}; this takes a few minutes.", flush=True)
    _run(sys.executable, "-m", "venv", str(directory))
    for name, text in files.items():
        (directory / name).write_text(text)
    pip = [str(python), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    _run(*pip, "-c", str(directory / "constraints.txt"), "-r", str(directory / "requirements.txt"))
    _run(str(python), "-m", "spark.session.java")
    _run(str(python), "-m", "filters.compile")
    ready.write_text("".join(files.values()))
    return python


def requirements(version: str) -> str:
    """Return the text of a requirements file for the pipeline and its tests on this version of Spark."""
    own = _lines(f"compat/spark-{version}.txt")
    run = [line for line in _lines("requirements.txt") if _package(line) not in _packages(own)]
    test = [line for line in _lines("requirements-dev.txt") if _package(line) in TO_TEST]
    return "\n".join([*own, *run, *test]) + "\n"


def constraints(version: str) -> str:
    """Return the text of constraints.txt without the packages that this version of Spark pins itself."""
    own = _packages(_lines(f"compat/spark-{version}.txt"))
    return "\n".join(line for line in _lines("constraints.txt") if _package(line) not in own) + "\n"


def _lines(name: str) -> list[str]:
    lines = (line.split("#")[0].strip() for line in (PROJECT / name).read_text().splitlines())
    return [line for line in lines if line]


def _package(line: str) -> str:
    return re.split(r"[^\w.-]", line, maxsplit=1)[0].lower().replace("_", "-")


def _packages(lines: list[str]) -> set[str]:
    return {_package(line) for line in lines}


def _run(*command: str) -> None:
    if subprocess.run(command, cwd=PROJECT).returncode != 0:
        raise UserError(f"Failed: {' '.join(command)}\nSee its output above.")
