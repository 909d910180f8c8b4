"""Columns whose published name begins with a digit have a twin with a plain name, in what is read and written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pytest

from filters.feature_tables import SEMANTIC_DUPLICATES
from spark.metrics.null_columns import null_columns
from tests.spark.metrics.test_job import metrics_job
from utils import UserError

Write = Callable[..., Path]
TOKENS = {"sequence_id": range(3), "tokens": [[1, 2]] * 3}
COUNTS = {"sequence_id": [0, 1], "snowclones": [5, 0]}


def table_named(name: str) -> dict[str, list[int]]:
    return {"sequence_id": COUNTS["sequence_id"], name: COUNTS["snowclones"]}


@pytest.mark.parametrize("name", ["0_8_snowclones", "snowclones_0_8"])
def test_a_table_with_either_name_fills_both_columns(
    spark: Any, write_parquet: Write, tmp_path: Path, name: str
) -> None:
    data, counts = write_parquet("data.parquet", TOKENS), write_parquet("counts.parquet", table_named(name))
    job = metrics_job(data, tmp_path, semantic_duplicates=str(counts), filters="semantic_duplicates")
    job.run(spark)
    written = str(tmp_path / "metrics" / "**" / "*.parquet")
    found = duckdb.sql(f"SELECT sequence_id, snowclones_0_8, templates_0_8 FROM '{written}' ORDER BY 1").fetchall()
    assert found == [(0, 5, None), (1, 0, None), (2, None, None)]
    frame = pd.read_parquet(tmp_path / "metrics")
    assert frame.query("snowclones_0_8 >= 1")["sequence_id"].tolist() == [0]
    assert frame["0_8_snowclones"].equals(frame["snowclones_0_8"])
    assert set(null_columns(job.resolved, job.filters, job.configuration, None)) == {
        name for column in SEMANTIC_DUPLICATES.columns[1:] for name in (column.name, column.twin)
    }


def test_a_column_of_the_source_that_a_join_would_replace_is_rejected(write_parquet: Write, tmp_path: Path) -> None:
    data = write_parquet("data.parquet", pa.table(TOKENS | {"snowclones_0_8": [9, 9, 9]}))
    counts = write_parquet("counts.parquet", table_named("0_8_snowclones"))
    with pytest.raises(UserError, match=r"found columns named `snowclones_0_8`, which the run itself writes"):
        metrics_job(data, tmp_path, semantic_duplicates=str(counts))
