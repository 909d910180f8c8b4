"""A test without the marker `spark` cannot start a JVM; fixtures set the markers."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from spark.session.java import find_java_home
from tests.conftest import NO_JAVA
from tests.programs import calculate_metrics


def test_java_fails_without_the_spark_marker() -> None:
    assert find_java_home() == NO_JAVA
    started = subprocess.run([NO_JAVA / "bin" / "java", "-cp", "a.jar", "Main"], capture_output=True, text=True)
    assert started.returncode == 1
    assert "Mark it: @pytest.mark.spark" in started.stderr


def test_program_fails_to_start_spark_without_the_marker(tmp_path: Path) -> None:
    pq.write_table(pa.table({"tokens": [[1, 2]]}), tmp_path / "data.parquet")
    finished = calculate_metrics("--datasets", "data.parquet", "--filters", "repetition", directory=tmp_path)
    assert finished.returncode == 2
    assert "Spark's Java process ended" in finished.stderr


@pytest.mark.spark
def test_java_is_found_with_the_spark_marker() -> None:
    assert find_java_home() not in (None, NO_JAVA)


def test_spark_fixture_marks_a_test(spark: Any, request: pytest.FixtureRequest) -> None:
    assert request.node.get_closest_marker("spark") is not None
    assert spark.range(3).count() == 3


@pytest.fixture
def hub() -> str:
    """Stand in for the fixtures named `hub`, which start a server."""
    return "http://127.0.0.1"


def test_hub_fixture_marks_a_test(hub: str, request: pytest.FixtureRequest) -> None:
    assert request.node.get_closest_marker("network") is not None
    assert request.node.get_closest_marker("spark") is None
