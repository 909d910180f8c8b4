"""The archives for a cluster: their content, and that it runs after unpacking."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from filters import compiled
from spark.session import packed_environment
from spark.session.project_archive import build_project_archive, write_archive

PLAN = ["calculate_metrics.py", "--plan", "--models", "70m"]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("archive")
    build_project_archive(directory / "project.tgz")
    with tarfile.open(directory / "project.tgz") as archive:
        archive.extractall(directory / "project", filter="data")
    return directory / "project"


def run_there(directory: Path, *arguments: str) -> str:
    """Run Python in the unpacked archive, without access to the rest of the project; return its output."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    finished = subprocess.run(
        [sys.executable, *arguments], cwd=directory, env=environment, capture_output=True, text=True
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def test_the_unpacked_archive_is_the_whole_program(unpacked: Path) -> None:
    assert "sample_memories" in run_there(unpacked, *PLAN)


def test_the_archive_contains_the_compiled_filters(unpacked: Path) -> None:
    def state() -> dict[str, int]:
        return {path.name: path.stat().st_mtime_ns for path in unpacked.rglob("*.nb?")}

    packed = state()
    assert packed
    run_there(unpacked, "-m", "filters.compile")
    assert state() == packed


def test_the_archive_contains_only_files_that_a_run_needs(unpacked: Path) -> None:
    paths = {str(path.relative_to(unpacked)) for path in unpacked.rglob("*") if path.is_file()}
    assert {"calculate_metrics.py", "configs/sample.yaml", "filters/code_or_natural_language/weights.npz"} <= paths
    assert not [path for path in paths if path.startswith(("tests", "benchmarks", "tools", "output"))]


def test_compiled_code_is_identified_by_the_content_of_the_sources(tmp_path: Path) -> None:
    def named(**texts: str) -> str:
        (tmp_path / "package").mkdir(exist_ok=True)
        for name, text in texts.items():
            (tmp_path / "package" / f"{name}.py").write_text(text)
        compiled.sources_hash.cache_clear()
        return compiled.sources_hash((tmp_path,))

    first = named(a="x = 1", b="y = 2")
    assert named(a="x = 1") == first  # rewritten, with another time
    assert named(a="x = 3") != first
    assert named(a="x = 1", c="") != first


def test_the_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    file = tmp_path / "file"
    archives = []
    for number in range(2):
        file.unlink(missing_ok=True)
        file.write_text("content")
        os.utime(file, (number, number))
        write_archive(tmp_path / f"{number}.tgz", [(file, "inside/file")])
        archives.append((tmp_path / f"{number}.tgz").read_bytes())
    assert archives[0] == archives[1]


def test_an_archive_contains_files_in_place_of_links(tmp_path: Path) -> None:
    (tmp_path / "library.so.1.2").write_text("content")
    (tmp_path / "library.so.1").symlink_to("library.so.1.2")
    write_archive(tmp_path / "archive.tgz", [(tmp_path / "library.so.1", "lib/library.so.1")])
    with tarfile.open(tmp_path / "archive.tgz") as archive:
        held = archive.extractfile("lib/library.so.1")
        assert isinstance(held, io.BufferedIOBase)
        assert held.read() == b"content"


def test_the_environment_contains_all_dependencies_but_not_spark() -> None:
    names = packed_environment.installed_closure(["pandas==2.3.3  # a comment", "", "pyspark==4.3.0"])
    assert {"pandas", "numpy", "python-dateutil", "six"} <= names
    assert not names & {"pyspark", "py4j", "pytest"}


def test_a_packed_interpreter_runs_in_another_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed_environment, "installed_closure", lambda requirements: {"six"})
    packed_environment.build_environment_archive(tmp_path / "environment.tgz")
    home = tmp_path / "another place"
    with tarfile.open(tmp_path / "environment.tgz") as archive:
        archive.extractall(home, filter="data")
    show = "import ctypes, six, sqlite3, ssl, sys; print(six.__file__, ssl.__file__, sys.prefix, sep=chr(10))"
    finished = subprocess.run([home / "bin" / "python", "-c", show], env={}, capture_output=True, text=True, cwd="/")
    assert finished.returncode == 0, finished.stderr
    assert all(Path(line).is_relative_to(home) for line in finished.stdout.splitlines())
    loaded = "print(*{line.split(maxsplit=5)[5] for line in open('/proc/self/maps') if '.so' in line})"
    libraries = subprocess.check_output([home / "bin" / "python", "-c", f"import ctypes;{loaded}"], env={}, text=True)
    assert f"{home}/lib/libffi" in libraries
