"""Columns added to a finished run equal those of a run that measured all at once."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from spark.metrics.additions import filters_to_add
from spark.metrics.job import MetricsJob
from spark.storage.publishing import Written
from tests.filters.language_model.plain_reference import VOCABULARY_SIZE, small_model
from tests.programs import calculate_metrics
from tests.spark.metrics.test_job import metrics_job

Write = Callable[..., Path]
ROWS = 60


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models") / "mine"
    small_model().save_pretrained(path)
    return path


@pytest.fixture
def data(write_parquet: Write) -> Path:
    """Write sequences with an empty row, a repeated id, and a row that is too long for the model."""
    generator = np.random.default_rng(3)
    tokens = [generator.integers(0, VOCABULARY_SIZE, 64 + row % 3).tolist() for row in range(ROWS)]
    tokens[5], tokens[9] = [], [1] * 200
    columns = {"sequence_id": [*range(ROWS - 1), 0], "tokens": tokens, "my `own`": [f"{row}" for row in range(ROWS)]}
    return write_parquet("data.parquet", pa.table(columns | {"at": pa.array(range(ROWS), pa.timestamp("us", "UTC"))}))


def tables_of(run: Path) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of each table of a run, sorted, by its path; and its schema."""
    tables: dict[str, list[dict[str, Any]]] = {}
    for kind in ("metrics", "rejected"):
        for path in sorted((run / kind).rglob("*.parquet")):
            table = pq.ParquetFile(path).read()
            rows = tables.setdefault(str(path.parent.relative_to(run)), [{"schema": str(table.schema)}])
            rows += table.to_pylist()
    return {name: sorted(rows, key=str) for name, rows in tables.items()}


def measured(spark: Any, data: Path, run: Path, **options: Any) -> MetricsJob:
    job = metrics_job(data, run, **options)
    assert not job.is_complete()
    job.run(spark)
    assert job.is_complete()
    return job


def close(value: Any) -> Any:
    """Return a value to compare with: a number of a model may differ in its last digits."""
    return pytest.approx(value, rel=1e-4) if isinstance(value, float) else value


def filters_of_passes(job: MetricsJob) -> list[set[str]]:
    (written,) = job.already_written().values()
    return [set(each["filters"]) for each in written.passes]


def test_added_filters_and_feature_tables_equal_a_run_of_all(
    spark: Any, write_parquet: Write, data: Path, tokenizer_file: Path, tmp_path: Path
) -> None:
    some = {"tokenizer": str(tokenizer_file)}
    counts = write_parquet("counts.parquet", {"sequence_id": range(40), "counts": range(40)})
    frequencies = write_parquet("frequencies.parquet", {"token_id": range(280), "frequency": range(280)})
    everything = some | {"duplicates": str(counts), "token_frequencies": str(frequencies)}
    measured(spark, data, tmp_path / "at once", **everything)
    first = measured(spark, data, tmp_path / "added", filters="repetition,duplicates,token_frequencies", **some)
    assert filters_of_passes(first) == [{"repetition", "duplicates", "token_frequencies"}]
    job = measured(spark, data, tmp_path / "added", **everything)
    assert tables_of(tmp_path / "added") == tables_of(tmp_path / "at once")
    second = filters_of_passes(job)[1]
    assert {"duplicates", "token_frequencies", "compressibility"} <= second
    assert "repetition" not in second
    (once,) = metrics_job(data, tmp_path / "at once", **everything).already_written().values()
    (twice,) = job.already_written().values()
    assert (twice.rows_read, twice.rows_rejected, twice.counts) == (once.rows_read, once.rows_rejected, once.counts)
    assert {path.name for path in (tmp_path / "added").iterdir()} >= {"metrics", "rejected", "_complete"}
    assert not (tmp_path / "added" / "_replacement").exists()


def test_an_added_model_rejects_rows_and_names_the_level(spark: Any, data: Path, model: Path, tmp_path: Path) -> None:
    everything = {"filters": "repetition,likelihood,first_choices", "model": str(model)}
    measured(spark, data, tmp_path / "at once", **everything)
    measured(spark, data, tmp_path / "added", filters="repetition")
    assert set(tables_of(tmp_path / "added")) == {
        f"{k}/dataset=data/scheme=none/model=none" for k in ("metrics", "rejected")
    }
    job = measured(spark, data, tmp_path / "added", **everything)
    expected, found = tables_of(tmp_path / "at once"), tables_of(tmp_path / "added")
    assert set(found) == {f"{kind}/dataset=data/scheme=none/model=mine" for kind in ("metrics", "rejected")}
    for name, rows in expected.items():
        assert len(rows) == len(found[name])
        for row, other in zip(rows, found[name], strict=True):
            assert other == {name: close(value) for name, value in row.items()}
    (written,) = job.already_written().values()
    assert written.rejected_kinds == {"no_tokens": 1, "repeated_id": 2, "too_long": 1}
    assert written.rows_read == written.counts["rows"] + written.rows_rejected == ROWS
    assert filters_of_passes(job) == [{"repetition"}, {"likelihood", "first_choices"}]


def test_texts_without_a_tokenizer_get_the_columns_that_the_models_tokenizer_makes_known(
    spark: Any, tokenizer_file: Path, model: Path, tmp_path: Path
) -> None:
    data = tmp_path / "data.jsonl"
    data.write_text("".join(json.dumps({"text": f"one two three {n} " * 9}) + "\n" for n in range(20)) + "[]\n")
    (model / "tokenizer.json").write_bytes(tokenizer_file.read_bytes())
    everything = {"filters": "repetition,compressibility,likelihood", "model": str(model)}
    try:
        measured(spark, data, tmp_path / "at once", **everything)
        measured(spark, data, tmp_path / "added", filters="repetition,compressibility")
        job = measured(spark, data, tmp_path / "added", **everything)
    finally:
        (model / "tokenizer.json").unlink()
    assert filters_of_passes(job)[1] == {"repetition", "likelihood"}
    found = tables_of(tmp_path / "added")
    for name, rows in tables_of(tmp_path / "at once").items():
        for row, other in zip(rows, found[name], strict=True):
            assert other == {name: close(value) for name, value in row.items()}


def test_an_empty_table_gets_the_columns(spark: Any, write_parquet: Write, tmp_path: Path) -> None:
    schema = pa.schema([("sequence_id", pa.int64()), ("tokens", pa.list_(pa.int32()))])
    data = write_parquet("data.parquet", schema.empty_table())
    measured(spark, data, tmp_path / "run", filters="repetition")
    job = measured(spark, data, tmp_path / "run", filters="repetition,token_ngram_diversity")
    assert len(filters_of_passes(job)) == 2


def test_a_filter_is_added_if_its_columns_are_no_longer_null(write_parquet: Write, tmp_path: Path) -> None:
    data = write_parquet("data.parquet", {"sequence_id": [1], "tokens": [[1]]})
    counts = write_parquet("counts.parquet", {"sequence_id": [1], "counts": [1]})
    names = ("repetition", "duplicates")
    job = metrics_job(data, tmp_path, filters=",".join(names))
    written = measured_marker(job)
    assert filters_to_add(job.filters, written, job.null_columns(None)) == ()
    more = metrics_job(data, tmp_path, filters=",".join(names), duplicates=str(counts))
    assert [each.name for each in filters_to_add(more.filters, written, more.null_columns(None))] == ["duplicates"]


def measured_marker(job: MetricsJob) -> Written:
    names = [each.name for each in job.filters]
    return Written(1, 0, 1.0, {"rows": 1}, filters=names, null_columns=list(job.null_columns(None)))


@pytest.mark.spark
def test_the_same_run_id_with_more_filters_adds_them_and_with_fewer_is_refused(data: Path, tmp_path: Path) -> None:
    arguments = ("--datasets", str(data), "--run_id", "r", "--quiet")
    assert calculate_metrics(*arguments, "--filters", "repetition", directory=tmp_path).returncode == 0
    added = calculate_metrics(
        *arguments, "--filters", "repetition,compressibility,token_ngram_diversity", directory=tmp_path
    )
    assert (added.returncode, added.stderr) == (0, "")
    record = json.loads((tmp_path / "output" / "r" / "run.json").read_text())
    (table,) = record["tables"]
    assert [each["filters"] for each in table["passes"]] == [
        ["repetition"],
        ["compressibility", "token_ngram_diversity"],
    ]
    assert record["configuration"]["filters"] == ["repetition", "compressibility", "token_ngram_diversity"]
    fewer = calculate_metrics(*arguments, "--filters", "compressibility", directory=tmp_path)
    assert fewer.returncode == 2
    assert (
        "was started with filters = 'repetition,compressibility,token_ngram_diversity', found 'compressibility'"
        in fewer.stderr
    )
