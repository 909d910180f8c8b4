"""The estimated size of the tables is close to the real size; a disk that is too small is reported beforehand."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from spark.metrics.size_estimate import estimated_bytes
from spark.storage.disk_space import require_space
from tests.spark.metrics.test_job import metrics_job
from utils import UserError

WORDS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]


def rows_of(count: int) -> list[dict[str, Any]]:
    generator = np.random.default_rng(3)
    texts = [" ".join(generator.choice(WORDS, generator.integers(5, 40))) for _ in range(count)]
    return [{"sequence_id": number, "text": text, "mine": "x" * 20} for number, text in enumerate(texts)]


def as_parquet(path: Path, rows: list[dict[str, Any]]) -> Path:
    pq.write_table(pa.Table.from_pylist(rows), path / "data.parquet")
    return path / "data.parquet"


def as_lines(path: Path, rows: list[dict[str, Any]]) -> Path:
    (path / "data.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path / "data.jsonl"


def as_gzip(path: Path, rows: list[dict[str, Any]]) -> Path:
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (path / "data.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    return path / "data.jsonl.gz"


@pytest.mark.parametrize("write", [as_parquet, as_lines, as_gzip])
def test_the_estimate_is_close_to_the_written_size(
    spark: Any, tmp_path: Path, tokenizer_file: Path, write: Callable[..., Path]
) -> None:
    run = metrics_job(write(tmp_path, rows_of(8_000)), tmp_path, tokenizer=str(tokenizer_file))
    estimate = estimated_bytes(run.resolved, run.output_schema, None)
    run.run(spark)
    written = sum(path.stat().st_size for path in (tmp_path / "metrics").rglob("*.parquet"))
    assert estimate is not None
    assert 0.7 < estimate / written < 1.6
    fewer = estimated_bytes(run.resolved, run.output_schema, 800)
    assert fewer is not None
    assert fewer == pytest.approx(estimate / 10, rel=0.5)


def test_an_empty_table_is_estimated_as_0_bytes(tmp_path: Path) -> None:
    path = tmp_path / "data.parquet"
    pq.write_table(pa.schema([("tokens", pa.list_(pa.int32()))]).empty_table(), path)
    run = metrics_job(path, tmp_path)
    assert estimated_bytes(run.resolved, run.output_schema, None) == 0


def test_unreadable_data_is_not_estimated(tmp_path: Path) -> None:
    path = as_parquet(tmp_path, rows_of(500))
    content = bytearray(path.read_bytes())
    content[4 : len(content) // 2] = b"\xff" * (len(content) // 2 - 4)
    path.write_bytes(bytes(content))
    run = metrics_job(path, tmp_path)
    assert estimated_bytes(run.resolved, run.output_schema, None) is None


def test_the_error_for_a_full_disk_names_both_sizes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=3_210_000_000))
    require_space(tmp_path, 3_210_000_000, "The run")
    with pytest.raises(
        UserError, match=r"(?s)The run needs about 12\.30 GB in .*, but only 3\.21 GB are free.*output_dir"
    ):
        require_space(tmp_path, 12_300_000_000, "The run")
