"""Imports run one way, and nothing starts, downloads or imports what is heavy before it must."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import PROJECT

# What each room may import of this project, besides itself.
MAY_IMPORT = {
    "utils.py": set(),
    "filters": {"utils"},
    "features": {"filters", "utils"},
    "sample": {"filters", "utils"},
    "spark": {"features", "filters", "sample", "utils"},
}


def imported_modules(path: Path) -> set[str]:
    """The first names of all modules that a source file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


def sources(room: str) -> list[Path]:
    """The source files of a room."""
    path = PROJECT / room
    return [path] if path.is_file() else sorted(path.rglob("*.py"))


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_imports_run_one_way(room: str) -> None:
    rooms = {
        "calculate_metrics",
        "build_features",
        "features",
        "filters",
        "spark",
        "sample",
        "benchmarks",
        "tests",
        "utils",
    }
    allowed = MAY_IMPORT[room] | {room.removesuffix(".py")}
    for path in sources(room):
        assert not imported_modules(path) & (rooms - allowed), path


@pytest.mark.parametrize("room", ["filters", "features"])
def test_what_is_measured_never_imports_spark(room: str) -> None:
    assert sources(room)
    for path in sources(room):
        assert not imported_modules(path) & {"pyspark", "spark"}, path


@pytest.mark.parametrize(
    ("module", "forbidden"),
    [
        pytest.param("filters", ("pyspark", "torch", "transformers", "sklearn", "datasets", "nltk"), id="filters"),
        pytest.param(
            "spark.semantic_duplicates, spark.semantic_clusters",
            ("torch", "transformers", "faiss", "rapidfuzz", "sklearn"),
            id="semantic duplicates",
        ),
        pytest.param("spark.stage", ("torch", "transformers", "sklearn", "datasets"), id="the workers' stage"),
        pytest.param("calculate_metrics", ("pyspark", "numpy", "pyarrow", "numba"), id="the driver"),
        pytest.param("build_features", ("pyspark", "numpy", "pyarrow", "numba"), id="the other driver"),
    ],
)
def test_what_is_heavy_is_not_imported_with(module: str, forbidden: tuple[str, ...]) -> None:
    code = f"import sys, {module}; print(*[name for name in {forbidden!r} if name in sys.modules])"
    printed = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert printed.stdout.strip() == ""
