"""Every list of the programs names all of them; `pyproject.toml` declares them as scripts."""

from __future__ import annotations

import pytest

from spark.session.project_archive import CONTENT
from tests.conftest import PROJECT
from tools.programs import command_lines, program_modules, project_settings

SETTINGS = project_settings()
MODULES = SETTINGS["tool"]["setuptools"]["py-modules"]
PACKAGES = [pattern.removesuffix("*") for pattern in SETTINGS["tool"]["setuptools"]["packages"]["find"]["include"]]
CHECKED = SETTINGS["tool"]["mypy"]["files"]
UNTYPED_ALLOWED = next(each["module"] for each in SETTINGS["tool"]["mypy"]["overrides"] if "utils" in each["module"])


def test_every_program_is_named_like_its_file_and_script() -> None:
    for script, module in program_modules().items():
        assert script == module.replace("_", "-")
        assert command_lines()[f"{module}.py"].program == f"{module}.py"
        assert (PROJECT / f"{module}.py").is_file()


def test_every_script_at_the_top_is_a_program() -> None:
    assert {path.stem for path in PROJECT.glob("*.py")} == {*program_modules().values(), "utils"}


def test_the_package_has_every_program() -> None:
    assert set(MODULES) == {*program_modules().values(), "utils"}


@pytest.mark.parametrize("module", MODULES)
def test_a_module_is_checked_by_mypy_and_in_the_archive(module: str) -> None:
    assert f"{module}.py" in CHECKED
    assert module in UNTYPED_ALLOWED
    assert f"{module}.py" in CONTENT


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_is_checked_by_mypy_and_in_the_archive(package: str) -> None:
    assert package in CHECKED
    assert f"{package}.*" in UNTYPED_ALLOWED
    assert package in CONTENT
