"""The comparison of `make compat`: it sees what differs, and nothing else; and what its environments hold."""

from __future__ import annotations

import pyarrow as pa
import pytest

from compat.environments import LEFT_OUT, constraints, known_versions, requirements
from compat.tables import first_difference, in_order


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
        pytest.param({}, "only one of the two has metrics/a", id="table missing"),
    ],
)
def test_a_difference_is_seen_and_said(found: dict[str, pa.Table], difference: str | None) -> None:
    said = first_difference(EXPECTED, found)
    assert said is None if difference is None else difference in (said or "")


@pytest.mark.parametrize("version", known_versions())
def test_an_environment_has_one_pyspark_of_its_version(version: str) -> None:
    lines = requirements(version).splitlines()
    (pyspark,) = (line for line in lines if line.startswith("pyspark=="))
    assert pyspark.startswith(f"pyspark=={version}.")
    assert not [line for line in lines if line.split("==")[0] in LEFT_OUT]
    assert "pyspark==" not in constraints(version)
