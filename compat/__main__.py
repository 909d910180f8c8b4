"""Run the end-to-end tests on every supported version of Spark, and compare the tables that each version writes.

    make compat                        all versions, each in its own environment in .compat/
    .venv/bin/python -m compat 3.5     selected versions

The tables of each version are compared row by row with those of the newest version that was run.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from compat.environments import ENVIRONMENTS, PROJECT, environment_python, known_versions
from compat.input_data import write_inputs
from compat.tables import first_difference, tables_of
from utils import UserError, printable_lines, require_known

TESTS = (
    "tests/test_end_to_end.py",
    "tests/spark/metrics/test_job.py",
    "tests/spark/sources/test_sequences.py",
    "tests/spark/metrics/test_feature_joins.py",
    "tests/spark/test_cluster.py",
    "tests/test_build_features.py",
    "tests/test_deduplicated_corpora.py",
    "tests/spark/corpus/test_exact_duplicates.py",
    "tests/spark/corpus/test_deduplication.py",
    "tests/spark/corpus/test_copying.py",
    "tests/spark/corpus/test_near_duplicates.py",
)


class Tested(NamedTuple):
    """The test results of one environment."""

    passed: int
    skipped: int
    failed: int
    seconds: float


class Measured(NamedTuple):
    """The tables of one version, by run and path.

    spark, java: the versions that the JVM reported. failed: the failure of the first run that failed, if any.
    """

    spark: str
    java: str
    tables: dict[str, pa.Table]
    failed: str | None = None


def main(arguments: list[str]) -> int:
    """Test the named versions, or all; return 0 if every test passed and all tables are equal, else 1."""
    require_known("version of Spark", arguments, known_versions())
    versions = [version for version in known_versions() if version in arguments or not arguments]
    pythons = {version: environment_python(version) for version in versions}
    runs = write_inputs(ENVIRONMENTS / "inputs")
    measured = {version: measure(version, python, runs) for version, python in pythons.items()}
    tested = {version: run_tests(version, python) for version, python in pythons.items()}
    reference = measured[versions[-1]]
    faults = {version: fault_of(each, reference) for version, each in measured.items()}
    for version in versions:
        print(summary(measured[version], tested[version], faults[version], reference))
    return int(any(faults.values()) or any(each.failed or not each.passed for each in tested.values()))


def measure(version: str, python: Path, runs: dict[str, list[str]]) -> Measured:
    """Return the tables of all runs on one version, up to the first run that fails."""
    tables: dict[str, pa.Table] = {}
    output = ENVIRONMENTS / f"output-{version}"
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir()
    for name, options in runs.items():
        print(f"Spark {version}: measuring {name}", flush=True)
        command = [str(python), str(PROJECT / "calculate_metrics.py"), *options, "--output_dir", ".", "--run_id", name]
        finished = subprocess.run(command, cwd=output, env=clean_environment(), capture_output=True, text=True)
        if finished.returncode != 0:
            print(printable_lines(finished.stdout + finished.stderr))
            return Measured(version, "?", tables, f"the run {name} FAILED, see {output / name / 'run.log'}")
        tables |= {f"{name}/{path}": table for path, table in tables_of(output / name).items()}
    return Measured(*running_versions(output / next(iter(runs))), tables)


def run_tests(version: str, python: Path) -> Tested:
    """Run the end-to-end tests with the Python of a version; pytest's output is shown."""
    print(f"Spark {version}: running the tests", flush=True)
    report = ENVIRONMENTS / f"tests-{version}.xml"
    report.unlink(missing_ok=True)
    command = [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}", *TESTS]
    started = time.monotonic()
    subprocess.run(command, cwd=PROJECT, env=clean_environment())
    seconds = time.monotonic() - started
    if not report.exists():
        return Tested(0, 0, 1, seconds)
    suite = ElementTree.parse(report).getroot().find("testsuite")
    assert suite is not None
    total, skipped, failures, errors = (int(suite.get(k, 0)) for k in ("tests", "skipped", "failures", "errors"))
    return Tested(total - skipped - failures - errors, skipped, failures + errors, seconds)


def clean_environment() -> dict[str, str]:
    """Return the environment without variables that select another Python or Spark."""
    removed = ("PYTHONPATH", "PYTHONHOME", "PYSPARK_PYTHON", "PYSPARK_DRIVER_PYTHON", "SPARK_HOME", "VIRTUAL_ENV")
    return {name: value for name, value in os.environ.items() if name not in removed}


def running_versions(run_directory: Path) -> tuple[str, str]:
    """Return the versions of Spark and Java from the event log of a run."""
    spark = java = "unknown"
    # Spark 4 writes a directory of rolling event logs, Spark 3.5 one file.
    log = min(path for path in (run_directory / "spark-events").rglob("*.zstd") if path.is_file())
    with pa.input_stream(log, compression="zstd") as stream:
        for line in stream.read().splitlines()[:10]:
            event = json.loads(line)
            spark = event.get("Spark Version", spark)
            java = event.get("JVM Information", {}).get("Java Version", java)
    return spark, java


def fault_of(measured: Measured, reference: Measured) -> str | None:
    """Return the failure of a version or its first difference from the reference; None if the tables are equal."""
    if measured.failed:
        return measured.failed
    difference = first_difference(reference.tables, measured.tables)
    return difference and f"tables DIFFER from those of Spark {reference.spark}: {difference}"


def summary(measured: Measured, tested: Tested, fault: str | None, reference: Measured) -> str:
    """Return the line that sums up one version."""
    counts = f"{tested.passed} tests passed, {tested.failed} failed, {tested.skipped} skipped"
    rows = sum(len(table) for table in measured.tables.values())
    equal = f"{len(measured.tables)} tables with {rows} rows, equal to those of Spark {reference.spark}"
    return f"Spark {measured.spark} on Java {measured.java}: {counts} in {tested.seconds:.0f} s; {fault or equal}"


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except UserError as error:
        print(f"compat: {error}", file=sys.stderr)
        sys.exit(1)
