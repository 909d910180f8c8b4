"""Imports between rooms follow one order, and heavy packages are imported only when needed."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import PROJECT
from tools.programs import program_modules

# The rooms of this project that each room may import, besides itself.
MAY_IMPORT = {
    "utils.py": {"filters"},
    "filters": set(),
    "features": {"filters"},
    "sample": {"filters", "utils"},
    "spark": {"features", "filters", "sample", "utils"},
}
# The rooms of spark/ that every program shares, lowest first. Each may import the rooms before it.
SHARED_ROOMS = ("storage", "session", "sources", "reporting", "runs")
# The rooms of spark/ that hold the jobs of one program. They may import the shared rooms, and never each other.
PROGRAM_ROOMS = ("metrics", "corpus")
SPARK_ROOMS = (*SHARED_ROOMS, *PROGRAM_ROOMS)


def imported_modules(path: Path) -> set[str]:
    """Return the top-level names of all modules that a source file imports, anywhere in it."""
    return {name.split(".")[0] for name in imported_names(path)}


def imported_names(path: Path) -> set[str]:
    """Return the dotted names of everything that a source file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def sources(room: str) -> list[Path]:
    """Return the source files of a room."""
    path = PROJECT / room
    return [path] if path.is_file() else sorted(path.rglob("*.py"))


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_room_imports_only_rooms_below_it(room: str) -> None:
    rooms = {path.stem for path in PROJECT.iterdir()}
    allowed = MAY_IMPORT[room] | {room.removesuffix(".py")}
    for path in sources(room):
        assert not imported_modules(path) & (rooms - allowed), path


@pytest.mark.parametrize("room", SPARK_ROOMS)
def test_spark_room_imports_only_lower_spark_rooms(room: str) -> None:
    lower = SHARED_ROOMS if room in PROGRAM_ROOMS else SHARED_ROOMS[: SHARED_ROOMS.index(room)]
    allowed = {f"spark.{each}" for each in (*lower, room)}
    assert sources(f"spark/{room}")
    for path in sources(f"spark/{room}"):
        found = {".".join(name.split(".")[:2]) for name in imported_names(path) if name.startswith("spark.")}
        assert found <= allowed, path


def test_every_spark_module_is_in_a_listed_room() -> None:
    assert {path.parent.name for path in (PROJECT / "spark").glob("*/__init__.py")} == set(SPARK_ROOMS)
    assert [path.name for path in (PROJECT / "spark").glob("*.py")] == ["__init__.py"]


@pytest.mark.parametrize("room", ["filters", "features"])
def test_filters_and_features_never_import_spark(room: str) -> None:
    assert sources(room)
    for path in sources(room):
        assert not imported_modules(path) & {"pyspark", "spark"}, path


@pytest.mark.parametrize(
    ("module", "forbidden"),
    [
        pytest.param("filters", ("pyspark", "torch", "transformers", "sklearn", "datasets", "nltk"), id="filters"),
        pytest.param(
            "spark.corpus.semantic_duplicates.counting, spark.corpus.semantic_duplicates.clusters",
            ("torch", "transformers", "faiss", "rapidfuzz", "sklearn"),
            id="semantic duplicates",
        ),
        pytest.param("spark.metrics.stage", ("torch", "transformers", "sklearn", "datasets"), id="the workers' stage"),
        *(
            pytest.param(program, ("pyspark", "numpy", "pyarrow", "numba"), id=program)
            for program in program_modules().values()
        ),
    ],
)
def test_module_imports_no_heavy_packages(module: str, forbidden: tuple[str, ...]) -> None:
    code = f"import sys, {module}; print(*[name for name in {forbidden!r} if name in sys.modules])"
    printed = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert printed.stdout.strip() == ""
