"""Spark broadcasts the output of Python in a join only if its measured size is small."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from spark.session.join_sizes import ESTIMATED, MEASURED, join_by_measured_sizes


def test_only_a_side_measured_as_small_is_broadcast(spark: Any, tmp_path: Path) -> None:
    spark.conf.set(ESTIMATED, "8m")

    def rows(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for _ in batches:
            yield pa.RecordBatch.from_pydict({"id": list(range(1000))})

    spark.range(1000).write.parquet(str(tmp_path / "rows"))
    made = spark.range(4).mapInArrow(rows, "id long")

    def plan() -> str:
        joined = spark.read.parquet(str(tmp_path / "rows")).join(made, "id", "left")
        assert joined.count() >= 1000
        return str(joined._jdf.queryExecution().sparkPlan().toString())

    assert "BroadcastHashJoin" in plan()
    join_by_measured_sizes(spark)
    assert "SortMergeJoin" in plan()
    join_by_measured_sizes(spark)
    assert (spark.conf.get(ESTIMATED), spark.conf.get(MEASURED)) == ("-1", "8m")
