"""Runs on a real standalone cluster, with the archive of `make dist`, give the same tables as local mode."""

from __future__ import annotations

import itertools
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from sample import paths as sample_paths
from sample.build_tables import read_split
from spark.session.project_archive import build_project_archive
from tests.conftest import PROJECT
from tests.spark.standalone_cluster import StandaloneCluster, clean_environment, standalone_cluster

pytestmark = pytest.mark.spark

FILES = 16
ROWS_A_FILE = 2000
OUTSIDE_THE_VOCABULARY = 10**6
SECONDS = 400  # generous, for a busy machine


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandaloneCluster]:
    with standalone_cluster(tmp_path_factory.mktemp("cluster") / "daemons") as running:
        yield running


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("dist") / "memorization-metrics.tgz"
    build_project_archive(path)
    return path


@pytest.fixture(scope="module")
def arguments(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Return options for a dataset of many files, with a joined table and rows for every reason of rejection."""
    directory = tmp_path_factory.mktemp("data")
    tokens = pa.concat_tables(
        pq.read_table(path, columns=["tokens"])
        for path in sorted((sample_paths.SAMPLE_DIR / "memories" / "data").glob("*.parquet"))
    )["tokens"].combine_chunks()
    rows = np.arange(FILES * ROWS_A_FILE)
    every_row = tokens.take(pa.array(rows % len(tokens)))
    (directory / "sequences").mkdir()
    for number, ids in enumerate(np.split(rows, FILES)):
        columns = {"sequence_id": ids, "tokens": every_row.take(pa.array(ids))}
        pq.write_table(pa.table(columns), directory / "sequences" / f"{number:02}.parquet")
    ids = [0, len(rows), len(rows) + 1]  # the first repeats the id of another row
    refused = pa.table({"sequence_id": ids, "tokens": pa.array([[1, 2], None, [OUTSIDE_THE_VOCABULARY]], tokens.type)})
    pq.write_table(refused, directory / "sequences" / "refused.parquet")
    counts = pa.table({"sequence_id": rows[::3], "sequence_duplicates": rows[::3] * 7})
    pq.write_table(counts, directory / "counts.parquet")
    tokenizer = sample_paths.SAMPLE_DIR / "tokenizer" / "tokenizer.json"
    found_at = {"--datasets": directory / "sequences", "--duplicates": directory / "counts.parquet"}
    options = found_at | {"--tokenizer": tokenizer, "--cache_dir": directory / "cache", "--run_id": "run"}
    return [str(each) for each in itertools.chain(*options.items())]


@pytest.fixture(scope="module")
def expected(arguments: list[str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, pa.Table]:
    """Return the tables of a run in local mode, local[2]."""
    directory = tmp_path_factory.mktemp("local")
    environment = clean_environment(directory) | {"PYSPARK_SUBMIT_ARGS": "--master local[2] pyspark-shell"}
    command = [sys.executable, str(PROJECT / "calculate_metrics.py"), *arguments]
    finished = subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, timeout=SECONDS)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    tables = tables_of(directory)
    assert len(tables["metrics"]) == FILES * ROWS_A_FILE - 1
    assert len(tables["rejected"]) == 4
    assert tables["metrics"]["sequence_duplicates"].null_count < len(tables["metrics"])
    return tables


def tables_of(directory: Path) -> dict[str, pa.Table]:
    """Return the measured and the rejected rows of the run, in an order that is the same for every run."""
    run = directory / "output" / "run"
    tables = {kind: ds.dataset(run / kind).to_table() for kind in ("metrics", "rejected")}
    return {kind: table.sort_by(in_order(table)) for kind, table in tables.items()}


def in_order(table: pa.Table) -> list[tuple[str, str]]:
    sortable = [name for name in ("sequence_id", "reason") if name in table.column_names]
    return [(name, "ascending") for name in sortable]


def assert_equal(found: dict[str, pa.Table], expected: dict[str, pa.Table]) -> None:
    for kind, table in expected.items():
        assert found[kind].schema == table.schema
        assert len(found[kind]) == len(table)
        unequal = [name for name in table.column_names if not found[kind][name].equals(table[name])]
        assert unequal == [], kind


def test_cluster_gives_the_same_tables_as_local_mode(
    cluster: StandaloneCluster, archive: Path, arguments: list[str], expected: dict[str, pa.Table], tmp_path: Path
) -> None:
    printed, errors = (submitted := cluster.submit(arguments, tmp_path, archive=archive)).communicate(timeout=SECONDS)
    assert submitted.returncode == 0, printed + errors
    assert_equal(tables_of(tmp_path), expected)
    assert "INFO" not in errors
    unpacked = sorted(cluster.directory.glob("worker-*/work/*/*/memorization"))
    assert [path.relative_to(cluster.directory).parts[0] for path in unpacked] == ["worker-0", "worker-1"]
    for directory in unpacked:
        assert list(directory.glob("filters/__pycache__/*.pyc")), "its workers imported the project from elsewhere"
        compiled = list(directory.glob("filters/__pycache__/numba-*/*.nbc"))
        assert compiled
        assert [path for path in compiled if path.stat().st_mtime > 0] == [], (
            "a worker compiled kernels that the archive contains"
        )


def test_cluster_gives_the_same_features_as_local_mode(
    cluster: StandaloneCluster, archive: Path, tmp_path: Path
) -> None:
    arguments = ["--schemes", "duped", "--run_id", "run"]
    submitted = cluster.submit(arguments, tmp_path, archive=archive, program="build_features.py")
    printed, errors = submitted.communicate(timeout=SECONDS)
    assert submitted.returncode == 0, printed + errors
    tables = ("generation-num-duplicates/duped", "near-duplicates/duped", "duped-num-frequencies/memorized")
    for table in tables:
        dataset, split = table.split("/")
        committed = sample_paths.SAMPLE_DIR / "features" / dataset / "data" / f"{split}-00000-of-00001.parquet"
        assert read_split(tmp_path / "output" / "run" / table).equals(pq.read_table(committed)), table


def test_killed_worker_loses_no_row(
    cluster: StandaloneCluster, archive: Path, arguments: list[str], expected: dict[str, pa.Table], tmp_path: Path
) -> None:
    submitted = cluster.submit(arguments, tmp_path, {"spark.eventLog.compress": "false"}, archive)
    run = tmp_path / "output" / "run"
    try:
        deadline = time.monotonic() + SECONDS
        while not list(run.rglob("part-*.parquet")) and submitted.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        cluster.kill_worker(1)
        assert not (run / "metrics").exists(), "the run was over before the worker was killed"
        assert submitted.poll() is None
        printed, errors = submitted.communicate(timeout=SECONDS)
    finally:
        submitted.kill()
    assert submitted.returncode == 0, printed + errors
    assert_equal(tables_of(tmp_path), expected)
    events = "".join(path.read_text() for path in (run / "spark-events").rglob("*") if path.is_file())
    assert '"SparkListenerExecutorRemoved"' in events
