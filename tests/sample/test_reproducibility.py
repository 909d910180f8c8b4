"""The script `make_sample` reproduces the committed files that it writes.

Not compared are the models, files that depend on them (weights differ between processors), and the files of
`build_features.py`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sample.make_sample import make_sample
from sample.paths import SAMPLE_DIR

ROOT = SAMPLE_DIR.parent.parent
OF_LATER_SCRIPTS = ("models", "memories", "pile-", "features")


def _files(directory: Path) -> list[Path]:
    paths = sorted(path.relative_to(directory) for path in directory.rglob("*") if path.is_file())
    return [path for path in paths if not path.as_posix().startswith(OF_LATER_SCRIPTS)]


def _differences(left: Path, right: Path) -> list[str]:
    """Return the files that differ: tables in columns, types or values (to 12 digits), others in bytes."""
    assert _files(left) == _files(right)
    return [str(path) for path in _files(left) if not _equal(left / path, right / path)]


def _equal(left: Path, right: Path) -> bool:
    if left.suffix != ".parquet":
        return left.read_bytes() == right.read_bytes()
    first, second = pq.read_table(left), pq.read_table(right)
    return first.schema == second.schema and all(
        _rounded(first[name]) == _rounded(second[name]) for name in first.column_names
    )


def _rounded(column: pa.ChunkedArray) -> object:
    if pa.types.is_floating(column.type):
        return [value if value is None else float(f"{value:.12g}") for value in column.to_pylist()]
    return column.combine_chunks()


@pytest.mark.slow
def test_the_script_reproduces_the_committed_sample(tmp_path: Path) -> None:
    make_sample(tmp_path)
    assert _differences(tmp_path, SAMPLE_DIR) == []


def test_the_sample_does_not_depend_on_hash_seeds_or_threads(tmp_path: Path) -> None:
    for seed, threads in (("1", "1"), ("2", "2")):
        subprocess.run(
            [sys.executable, "-m", "sample.make_sample", "--output", str(tmp_path / seed), "--scale", "0.03"],
            check=True,
            cwd=ROOT,
            env=os.environ | {"PYTHONHASHSEED": seed, "RAYON_NUM_THREADS": threads},
        )
    assert _differences(tmp_path / "1", tmp_path / "2") == []
    assert len(_files(tmp_path / "1")) == len(_files(SAMPLE_DIR))
