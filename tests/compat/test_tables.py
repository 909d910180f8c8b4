"""`make compat`: its comparison of tables, the packages of its environments, and its input data."""

from __future__ import annotations

import ast
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from compat.__main__ import TESTS
from compat.environments import PROJECT, constraints, known_versions, requirements
from compat.input_data import feature_tables
from compat.tables import first_difference, in_order
from filters.feature_tables import PERPLEXITIES


def table(ids: list[int | None], values: list[float | None], type_: pa.DataType | None = None) -> pa.Table:
    return in_order(pa.table({"sequence_id": pa.array(ids, pa.int64()), "x": pa.array(values, type_ or pa.float64())}))


EXPECTED = {"metrics/a": table([1, 2, None], [0.0, float("nan"), None])}


@pytest.mark.parametrize(
    ("found", "difference"),
    [
        pytest.param({"metrics/a": table([None, 2, 1], [None, float("nan"), 0.0])}, None, id="other order"),
        pytest.param({"metrics/a": table([1, 2, None], [-0.0, float("nan"), None])}, "sequence_id 1, x", id="sign"),
        pytest.param(
            {"metrics/a": table([1, 2, None], [0.0, None, None])}, "sequence_id 2, x: nan and None", id="null"
        ),
        pytest.param({"metrics/a": table([1, 2], [0.0, float("nan")])}, "3 rows and 2 rows", id="row lost"),
        pytest.param({"metrics/a": table([1, 2, None], [0, 1, None], pa.int64())}, "types: x", id="type"),
        pytest.param({}, "only one of the two runs has metrics/a", id="table missing"),
    ],
)
def test_first_difference(found: dict[str, pa.Table], difference: str | None) -> None:
    message = first_difference(EXPECTED, found)
    assert message is None if difference is None else difference in (message or "")


@pytest.mark.parametrize("version", known_versions())
def test_an_environment_has_one_pyspark_of_its_version(version: str) -> None:
    lines = requirements(version).splitlines()
    (pyspark,) = (line for line in lines if line.startswith("pyspark=="))
    assert pyspark.startswith(f"pyspark=={version}.")
    assert "pyspark==" not in constraints(version)


def modules_imported(path: Path, seen: set[Path]) -> set[str]:
    """Return the modules that a test file imports, directly or through other test files; only their top-level names."""
    if path in seen:
        return set()
    seen.add(path)
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            names = [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        for name in names:
            below = PROJECT / f"{name.replace('.', '/')}.py"
            found |= modules_imported(below, seen) if below.is_file() and name.startswith("tests.") else {name}
    return {name.split(".")[0] for name in found}


def test_an_environment_has_the_packages_that_its_tests_import() -> None:
    files = [PROJECT / "tests/conftest.py", *(PROJECT / name for name in TESTS)]
    modules = set().union(*(modules_imported(path, set()) for path in files))
    third_party = modules - sys.stdlib_module_names - {path.stem for path in PROJECT.iterdir()} - {"boto3", "botocore"}
    installed = {line.split("==")[0].split("[")[0].lower() for line in requirements("4.3").splitlines()}
    wanted = {name: {each.lower() for each in packages_distributions()[name]} for name in third_party}
    assert "moto" in wanted  # it installs boto3
    assert [name for name, packages in wanted.items() if not packages & installed] == []


def test_the_reader_accepts_the_feature_tables() -> None:
    perplexities = feature_tables()["perplexities"]
    for column in PERPLEXITIES.columns:
        assert pc.min(perplexities[column.name]).as_py() >= column.smallest, column.name
