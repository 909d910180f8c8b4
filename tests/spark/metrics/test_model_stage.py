"""A job with a language model gives the same values as `apply_filters`, for any number of tasks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from safetensors.torch import load_file, save_file

from filters import apply_filters, read_language_model
from filters.registry import choose_filters
from spark.session.failures import failure_message
from tests.filters.language_model.plain_reference import VOCABULARY_SIZE, small_model
from tests.readers import READERS
from tests.spark.metrics.test_job import metrics_job, read, read_rows
from utils import UserError

Write = Callable[..., Path]
COLUMNS = [column.name for each in choose_filters(("model",)) for column in each.columns]
EXACT = ("memorization_score", "is_extractable", "first_choice_share", "generation")


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models") / "my_model"
    small_model().save_pretrained(path)
    return path


@pytest.mark.parametrize("reader", READERS)
def test_readers_find_the_name_of_the_model_and_none_without_one(run_directory: Path, reader: str) -> None:
    for name in ("data", "other"):
        _, columns = READERS[reader](run_directory / "metrics" / f"dataset={name}")
        assert "model" in columns or reader == "datasets"
    found = ds.dataset(run_directory / "metrics", partitioning="hive").to_table(["dataset", "model", "loss"])
    assert {(row["dataset"], row["model"]) for row in found.to_pylist()} == {("data", "my_model"), ("other", "none")}


@pytest.fixture(scope="module")
def run_directory(spark: Any, directory: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a run with a table that a model was asked about, and one without."""
    data, run = tmp_path_factory.mktemp("data"), tmp_path_factory.mktemp("run")
    for name in ("data", "other"):
        pq.write_table(pa.table({"sequence_id": range(3), "tokens": random_rows(3)}), data / f"{name}.parquet")
    metrics_job(data / "data.parquet", run, model=f"{directory}/", filters="likelihood").run(spark)
    metrics_job(data / "other.parquet", run, filters="perplexities").run(spark)
    return run


def random_rows(rows: int) -> list[list[int]]:
    generator = np.random.default_rng(9)
    return [generator.integers(0, VOCABULARY_SIZE, generator.integers(60, 70)).tolist() for _ in range(rows)]


@pytest.mark.parametrize(("rows", "tasks"), [(90, 1), (250, 2)])
def test_the_job_gives_the_values_of_apply_filters_for_any_number_of_tasks(
    spark: Any, write_parquet: Write, directory: Path, tmp_path: Path, rows: int, tasks: int
) -> None:
    table = pa.table({"sequence_id": np.arange(rows), "tokens": random_rows(rows)})
    path = write_parquet("data.parquet", table)
    expected = apply_filters(table, None, ("model",), language_model=directory).to_pylist()
    metrics_job(path, tmp_path, model=str(directory), filters="model").run(spark)
    (file,) = (tmp_path / "metrics").rglob("*.parquet")
    assert ("merged" in file.name) == (tasks > 1)
    for found, row in zip(read(tmp_path / "metrics"), expected, strict=True):
        assert found["sequence_id"] == row["sequence_id"]
        for name in COLUMNS:
            value = row[name]
            if name not in EXACT and value is not None:
                value = pytest.approx(value, rel=1e-4)
            assert found[name] == value, name


def test_two_runs_give_identical_values(spark: Any, write_parquet: Write, directory: Path, tmp_path: Path) -> None:
    # 100 rows are few enough for one task; its file is in the order in which the rows were evaluated.
    ids, rows = np.arange(100), random_rows(100)
    order = np.random.default_rng(1).permutation(100)
    found = []
    for name, places in (("one", ids), ("other", order)):
        path = write_parquet(f"{name}.parquet", {"sequence_id": places, "tokens": [rows[i] for i in places]})
        metrics_job(path, tmp_path / name, model=str(directory), filters="model").run(spark)
        # Not sorted here: the job evaluates rows in the order of their ids, so that batches are the same in both runs.
        found.append(read_rows(tmp_path / name / "metrics"))
    assert [row["sequence_id"] for row in found[0]] == ids.tolist()
    assert found[0] == found[1]


def test_rows_that_the_model_does_not_accept_are_rejected_with_the_reason(
    spark: Any, write_parquet: Write, directory: Path, tmp_path: Path
) -> None:
    tokens = [[1] * 64, [VOCABULARY_SIZE], [2] * 129, None, [3] * 5]
    path = write_parquet("data.parquet", {"sequence_id": range(5), "tokens": pa.array(tokens, pa.list_(pa.int64()))})
    run = metrics_job(path, tmp_path, model=str(directory))
    run.run(spark)
    assert {row["sequence_id"]: row["reason"] for row in read(tmp_path / "rejected")} == {
        1: f"token id {VOCABULARY_SIZE} is not one of the language model's (ids below {VOCABULARY_SIZE})",
        2: "129 tokens are more than the language model's context of 128",
        3: "tokens is null",
    }
    whole, short = read(tmp_path / "metrics")
    assert whole["memorization_score"] is not None
    assert short["loss"] > 0
    assert short["generation_perplexity"] is short["memorization_score"] is short["is_extractable"] is None
    assert len(whole["generation"]) == 32
    assert short["generation"] is short["generation_text"] is whole["generation_text"] is None
    nulls = run.null_columns(directory.name)
    assert nulls["zlib_likelihood_ratio"] == "no tokenizer known to decode the tokens: give --tokenizer"
    assert nulls["generation_text"] == nulls["zlib_likelihood_ratio"]
    assert {"loss", "generation"}.isdisjoint(nulls)


def test_rows_without_a_column_of_ids_are_evaluated(
    spark: Any, write_parquet: Write, directory: Path, tmp_path: Path
) -> None:
    path = write_parquet("data.parquet", {"tokens": random_rows(40)})
    metrics_job(path, tmp_path, model=str(directory), filters="likelihood").run(spark)
    expected = apply_filters(pa.table({"tokens": random_rows(40)}), None, ("likelihood",), language_model=directory)
    found = [row["loss"] for row in read(tmp_path / "metrics")]
    assert found == pytest.approx(expected["loss"].to_pylist(), rel=1e-4)


def test_weights_that_cannot_be_loaded_fail_the_job_with_one_message(
    spark: Any, write_parquet: Write, directory: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "config.json").write_bytes((directory / "config.json").read_bytes())
    weights = load_file(directory / "model.safetensors")
    weights.pop(next(name for name in weights if "embed_out" in name or "lm_head" in name))
    save_file(weights, broken / "model.safetensors", {"format": "pt"})
    path = write_parquet("data.parquet", {"sequence_id": range(3), "tokens": random_rows(3)})
    run = metrics_job(path, tmp_path / "output", model=str(broken), filters="model")
    with pytest.raises(Exception) as raised:
        run.run(spark)
    message = failure_message(raised.value, "data")
    assert message.startswith(f"--model {broken}: the weights lack 1 of the model's tensors")
    assert len(message.splitlines()) == 2
    assert not run.already_written()


def test_a_model_is_evaluated_with_the_options_of_the_run(
    write_parquet: Write, directory: Path, tmp_path: Path
) -> None:
    path = write_parquet("data.parquet", {"sequence_id": [1], "tokens": [[1]]})
    options = {"prompt_tokens": "8", "continuation_tokens": "16", "min_k_percent": "10", "precision": "bfloat16"}
    run = metrics_job(path, tmp_path, model=str(directory), **options)
    expected = read_language_model(
        directory, prompt_tokens=8, continuation_tokens=16, min_k_percent=10.0, precision="bfloat16"
    )
    assert run.resolved.resources.language_model == expected


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param({"filters": "model"}, "found none.\nGive --model", id="no model"),
        pytest.param({"model": "s3a://bucket/model"}, "a directory on this machine", id="elsewhere"),
        pytest.param({"model": "no/such/model"}, "no/such/model", id="not there"),
        pytest.param({"model": "published"}, "expected data with a known scheme", id="published"),
        pytest.param({"model": "{directory}", "prompt_tokens": "200"}, "context of 128 tokens", id="too long"),
    ],
)
def test_an_unsuitable_model_is_an_error_before_spark_starts(
    write_parquet: Write, directory: Path, tmp_path: Path, options: dict[str, str], message: str
) -> None:
    path = write_parquet("data.parquet", {"sequence_id": [1], "tokens": [[1]]})
    given = {name: value.replace("{directory}", str(directory)) for name, value in options.items()}
    with pytest.raises(UserError, match=message):
        metrics_job(path, tmp_path, **given)


def test_text_without_a_tokenizer_is_an_error_before_spark_starts(
    write_parquet: Write, directory: Path, tmp_path: Path
) -> None:
    path = write_parquet("data.parquet", {"text": ["one"]})
    with pytest.raises(UserError, match=r"expected tokens for the language model.*\nGive --tokenizer"):
        metrics_job(path, tmp_path, model=str(directory))


def test_memorized_rows_are_counted_if_a_score_is_known(
    spark: Any, write_parquet: Write, directory: Path, tmp_path: Path
) -> None:
    rows = [*random_rows(20), [1] * 10]
    path = write_parquet("data.parquet", {"sequence_id": range(21), "tokens": rows})
    for name, filters in (("decoded", "greedy_decoding"), ("predicted", "first_choices")):
        run = metrics_job(path, tmp_path / name, model=str(directory), filters=filters, prompt_tokens=20)
        run.run(spark)
        (written,) = run.already_written().values()
        found = [row.get("memorization_score", row.get("is_extractable")) for row in read(tmp_path / name / "metrics")]
        counts = {"rows": 21, "scored": 20, "memorized": sum(value == 1 for value in found)}
        assert written.counts == counts | {"longer": 20}


def test_data_with_scores_of_several_models_needs_one_chosen_model(
    write_parquet: Write, directory: Path, tmp_path: Path
) -> None:
    path = write_parquet("a.parquet", {"Index": [1], "Tokens": [[1]], "70M": [0.5], "160M": [0.5]})
    with pytest.raises(UserError, match=r"found 70m, 160m\.\nChoose one with --models"):
        metrics_job(path, tmp_path, model=str(directory))
    assert metrics_job(path, tmp_path, model=str(directory), models="70m").resolved.models == ("70m",)
