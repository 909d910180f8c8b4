"""The wheel works in a directory whose files shadow the names of the project's modules."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pyarrow.dataset as ds
import pytest

from tests.conftest import PROJECT
from tools.programs import program_modules
from utils import VERSION

pytestmark = pytest.mark.slow

NOT_BUILT = shutil.ignore_patterns(".*", "build", "dist", "output", "*.egg-info", "__pycache__", "tests", "benchmarks")
# Top-level names of the project that a user's own file is likely to have.
SHADOWING = ("utils", "spark", "features", "sample")


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the built wheel beside the packages of the tests; return the directory of its programs."""
    directory = tmp_path_factory.mktemp("installed")
    source = shutil.copytree(PROJECT, directory / "source", ignore=NOT_BUILT)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    build = ["wheel", "--no-deps", "--no-build-isolation", "-w", str(directory), str(source)]
    subprocess.run([*pip, *build], check=True, cwd=directory)
    (wheel,) = directory.glob("*.whl")
    venv.create(directory / "venv", symlinks=True)
    python = directory / "venv" / "bin" / "python"
    subprocess.run([*pip, "--python", str(python), "install", "--no-deps", str(wheel)], check=True, cwd=directory)
    (site_packages,) = (directory / "venv" / "lib").glob("python*/site-packages")
    (site_packages / "tests.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python.parent


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """Return a working directory with modules that fail on import."""
    for name in SHADOWING:
        (tmp_path / f"{name}.py").write_text(f"raise ImportError('a user\\'s own {name}.py')\n")
    return tmp_path


def run(command: list[str | Path], directory: Path) -> str:
    """Run a command without the import path of the tests; return its output."""
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYSPARK_PYTHON")}
    finished = subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, timeout=400)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


def test_wheel_has_one_version_and_only_the_programs(environment: Path, hostile: Path) -> None:
    code = (
        "from importlib.metadata import distribution; found = distribution('memorization-metrics'); "
        "print(found.version, *{file.parts[0] for file in found.files})"
    )
    version, *names = run([environment / "python", "-I", "-c", code], hostile).split()
    assert version == VERSION
    modules = {"utils.py", *(f"{module}.py" for module in program_modules().values())}
    besides = {"..", "__pycache__", f"memorization_metrics-{VERSION}.dist-info"}
    assert set(names) - besides == {"filters", "features", "spark", "sample", *modules}


@pytest.mark.parametrize("program", program_modules())
def test_installed_program_starts(program: str, environment: Path, hostile: Path) -> None:
    assert "usage: " in run([environment / program, "--help"], hostile)
    assert run([environment / program, "--version"], hostile).split()[1] == VERSION


def test_installed_filters_run_in_a_plain_script(environment: Path, hostile: Path, tokenizer_file: Path) -> None:
    code = (
        "import sys; from filters import apply_filters; import pyarrow as pa; "
        "from tokenizers import Tokenizer; "
        "table = apply_filters(pa.table({'tokens': [[1, 2, 1, 2]]}), Tokenizer.from_file(sys.argv[1])); "
        "print(table['is_repeating'][0])"
    )
    assert run([environment / "python", "-c", code, tokenizer_file], hostile).strip() == "True"


@pytest.mark.spark
def test_installed_program_measures_user_data(environment: Path, hostile: Path, tokenizer_file: Path) -> None:
    lines = [json.dumps({"sequence_id": number, "tokens": [number, 7] * 8}) for number in range(5)]
    (hostile / "mine.jsonl").write_text("\n".join(lines) + "\n")
    options = ["--datasets", "mine.jsonl", "--tokenizer", str(tokenizer_file), "--run_id", "one", "--quiet"]
    run([environment / "calculate-metrics", *options], hostile)
    table = ds.dataset(hostile / "output" / "one" / "metrics").to_table()
    assert sorted(table["sequence_id"].to_pylist()) == [0, 1, 2, 3, 4]
    assert all(table["is_repeating"].to_pylist())
