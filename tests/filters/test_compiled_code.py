"""Compiled code is read from a checkout that cannot be written; without any place to keep it, loops still run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from filters.compiled import PROJECT

# Nothing can be written below the project; the user that runs the tests may ignore the permissions of directories.
READ_ONLY_PROJECT = """
import sys
from numba.core.caching import _CacheLocator

ensure = _CacheLocator.ensure_cache_path

def refuse(locator):
    if locator.get_cache_path().startswith(sys.argv[1]):
        raise PermissionError(13, "Permission denied")
    ensure(locator)

_CacheLocator.ensure_cache_path = refuse
sys.path.insert(0, sys.argv[1])
import numpy as np
from filters import utf8
from filters.compiled import PROJECT
from filters.contract import RaggedArray
from numba.core.registry import CPUDispatcher

assert str(PROJECT) == sys.argv[1]
row = RaggedArray(np.frombuffer("ä".encode(), np.uint8), np.array([0, 2]))
print(*utf8.code_points(row).values == [0xe4])
loops = [each for each in vars(utf8).values() if isinstance(each, CPUDispatcher)]
print(sum(sum(each.stats.cache_hits.values()) for each in loops) > 0)
"""


def run_read_only(project: Path, **environment: str) -> list[str]:
    finished = subprocess.run(
        [sys.executable, "-c", READ_ONLY_PROJECT, project],
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout.split()


def test_compiled_code_is_read_from_a_checkout_that_is_not_writable(tmp_path: Path) -> None:
    """Also if another directory is writable, but empty."""
    subprocess.run([sys.executable, "-m", "filters.compile"], cwd=PROJECT, check=True)
    assert run_read_only(PROJECT, NUMBA_CACHE_DIR=str(tmp_path)) == ["True", "True"]
    assert not list(tmp_path.iterdir())


def test_loops_run_where_compiled_code_can_be_neither_read_nor_kept(tmp_path: Path) -> None:
    for package in ("filters", "features"):
        shutil.copytree(PROJECT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    assert run_read_only(tmp_path, HOME="/dev/null") == ["True", "False"]
    assert not list(tmp_path.rglob("*.nb?"))
