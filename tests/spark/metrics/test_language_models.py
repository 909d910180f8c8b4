"""Each job evaluates the model that its data names, at its checkpoint, in as many workers as memory allows."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tokenizers import Tokenizer, models

from filters.language_model.model import LanguageModel, Precision
from filters.vocabulary import Vocabulary, read_vocabulary
from spark.metrics.configuration import build_configuration
from spark.metrics.language_models import asked_model, model_location, require_same_tokens
from spark.metrics.planning import plan_sequence_tables
from spark.metrics.sequence_table import SequenceTable
from spark.session import model_workers
from spark.sources.catalog import CHECKPOINTS, ModelLocation, TableLocation
from tests.filters.language_model.plain_reference import small_model
from tests.spark.metrics.test_job import metrics_job
from utils import UserError


@pytest.mark.parametrize(
    ("given", "scheme", "model", "expected"),
    [
        pytest.param("published", "deduped", "1.4b", ("EleutherAI/pythia-1.4b-deduped", "step143000"), id="deduped"),
        pytest.param("published", "duped", "70m", ("EleutherAI/pythia-70m", "step143000"), id="duped"),
        pytest.param("published", "duped", "12b.23000", ("EleutherAI/pythia-12b", "step23000"), id="a checkpoint"),
        pytest.param("gpt2", None, None, ("gpt2", None), id="any other"),
        pytest.param("a/b@step7", None, None, ("a/b", "step7"), id="a revision"),
        pytest.param("./a@b/c", None, None, ("./a@b/c", None), id="a path"),
        pytest.param("models/{scheme}.{model}", "duped", "1b", ("models/duped.1b", None), id="filled in"),
        pytest.param("models/{size}", "duped", "1b", ("models/{size}", None), id="other braces"),
    ],
)
def test_the_location_of_a_language_model(
    given: str, scheme: str | None, model: str | None, expected: tuple[str, str | None]
) -> None:
    assert model_location(given, scheme, model) == ModelLocation(*expected)


def test_every_checkpoint_has_its_revision() -> None:
    revisions = {model_location("published", "deduped", name).revision for name in CHECKPOINTS}
    assert revisions == {f"step{step}" for step in (23000, 43000, 63000, 83000, 103000, 123000)}


@pytest.mark.parametrize("given", ["published", "models/{model}"])
def test_data_that_names_no_model_is_an_error(given: str) -> None:
    with pytest.raises(UserError, match="expected data with a known model"):
        model_location(given, "duped", None)


def test_an_unknown_size_is_an_error() -> None:
    with pytest.raises(UserError, match="71m"):
        model_location("published", "duped", "71m")


def tokenizer_of(words: list[str]) -> Vocabulary:
    return read_vocabulary(Tokenizer(models.WordLevel({word: number for number, word in enumerate(words)}, words[0])))


@pytest.mark.parametrize(
    ("of_the_model", "of_the_data", "message"),
    [
        pytest.param(["a", "b"], ["a", "b"], None, id="the same"),
        pytest.param(["a", "b", "c"], ["a", "b"], None, id="the model has more"),
        pytest.param(["a", "b"], ["a", "b", "c"], None, id="the data has more"),
        pytest.param(
            ["a", "b", "c"], ["a", "\x1b", "b"], "token id 1 = 'b' in the model and .*x1b' in the data", id="others"
        ),
    ],
)
def test_a_model_with_another_tokenizer_than_the_data_is_an_error(
    of_the_model: list[str], of_the_data: list[str], message: str | None
) -> None:
    model, data = tokenizer_of(of_the_model), tokenizer_of(of_the_data)
    if message is None:
        require_same_tokens(model, data, Path("m"), "t")
        return
    with pytest.raises(UserError, match=message) as raised:
        require_same_tokens(model, data, Path("m"), "t")
    assert len(str(raised.value).splitlines()) == 2


def test_the_tokenizer_of_the_model_is_used_if_the_data_has_none(
    tmp_path: Path, tokenizer_file: Path, write_parquet: Callable[..., Path]
) -> None:
    directory = tmp_path / "model"
    small_model().save_pretrained(directory)
    shutil.copy(tokenizer_file, directory / "tokenizer.json")
    path = write_parquet("data/a.parquet", {"tokens": [[1]]})
    run = metrics_job(path, tmp_path, model=str(directory))
    vocabulary = run.resolved.resources.vocabulary
    assert vocabulary is not None
    assert vocabulary.size == 280


@pytest.mark.parametrize(
    ("memory", "stored", "precision", "expected"),
    [
        pytest.param(64, 1, "float32", 1, id="one model per core"),
        pytest.param(64, 6, "float32", 4, id="two models in half of the memory"),
        pytest.param(64, 12, "float32", 8, id="one model"),
        pytest.param(64, 12, "bfloat16", 4, id="two models at half the precision"),
        pytest.param(1, 12, "float32", 8, id="not enough for one model"),
    ],
)
def test_the_cores_per_task_depend_on_how_many_models_fit_in_memory(
    monkeypatch: pytest.MonkeyPatch, memory: int, stored: int, precision: Precision, expected: int
) -> None:
    gibibyte = 1 << 30
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    monkeypatch.setattr(os, "sysconf", {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": memory * gibibyte // 4096}.get)
    monkeypatch.setattr(model_workers, "weight_bytes", lambda model: weight_bytes_of(stored * gibibyte, model))
    model = LanguageModel(Path("m"), 10, None, precision=precision)
    assert model_workers.cores_a_task([None, model]) == expected
    assert model_workers.cores_a_task([None]) == 1


def weight_bytes_of(stored: int, model: LanguageModel) -> int:
    return stored * (2 if model.precision == "float32" else 1)


def test_weight_bytes_are_the_size_in_memory(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"x" * 10)
    (tmp_path / "pytorch_model.bin").write_bytes(b"x" * 7)
    assert model_workers.weight_bytes(LanguageModel(tmp_path, 1, None)) == 20
    (tmp_path / "model.safetensors").unlink()
    assert model_workers.weight_bytes(LanguageModel(tmp_path, 1, None, precision="float16")) == 7


@pytest.mark.parametrize(
    ("given", "scheme", "models", "expected"),
    [
        pytest.param("{tmp}/runs/my model/", None, (None,), "my_model", id="a directory"),
        pytest.param("{tmp}/runs/none", None, (None,), "model_none", id="a directory named as no model"),
        pytest.param("{tmp}/runs/../runs/x.1", None, (None,), "x.1", id="a path with dots"),
        pytest.param("owner/name", None, (None,), "owner--name", id="a Hub id"),
        pytest.param("owner/name@v1/x", None, (None,), "owner--name--v1_x", id="a Hub id with its revision"),
        pytest.param("{tmp}/runs/{scheme}", "duped", (None,), "duped", id="a directory for each scheme"),
        pytest.param("{tmp}/runs/{scheme}", None, (None,), None, id="no scheme is known"),
        pytest.param("{tmp}/runs/{model}", None, (None,), None, id="no model is known"),
        pytest.param("{tmp}/runs/{model}", None, ("a", "b"), None, id="the models are given"),
        pytest.param("{tmp}/runs/x.1", None, ("a",), None, id="the data names a model"),
        pytest.param("published", "duped", (None,), None, id="published"),
        pytest.param(None, None, (None,), None, id="no language model"),
    ],
)
def test_the_level_of_data_without_a_model_is_named_after_the_model_that_is_asked(
    tmp_path: Path, given: str | None, scheme: str | None, models: tuple[str | None, ...], expected: str | None
) -> None:
    for name in ("my model", "none", "x.1", "duped"):
        (tmp_path / "runs" / name).mkdir(parents=True)
    language_model = given and given.replace("{tmp}", str(tmp_path))
    table = SequenceTable("data", "plain", scheme, models, TableLocation("data"), None, language_model)
    assert asked_model(table) == expected
    assert replace(table, asked=expected).levels == (models if models != (None,) else (expected,))


def test_models_of_one_name_in_two_runs_are_told_apart_by_their_record(tmp_path: Path) -> None:
    (tmp_path / "data.jsonl").write_text('{"tokens": [1]}\n')
    for place in ("first", "second"):
        (tmp_path / place / "final").mkdir(parents=True)
        options = {"datasets": str(tmp_path / "data.jsonl"), "model": str(tmp_path / place / "final")}
        configuration = build_configuration(options)
        (table,) = plan_sequence_tables(configuration)
        assert (table.levels, table.description) == (("final",), "data final")
        assert configuration.as_json()["model"] == options["model"]


def test_given_names_stay_the_levels_of_their_models(tmp_path: Path) -> None:
    (tmp_path / "data.jsonl").write_text('{"tokens": [1]}\n')
    options = {"datasets": str(tmp_path / "data.jsonl"), "models": "a,b", "model": f"{tmp_path}/{{model}}/final"}
    tables = plan_sequence_tables(build_configuration(options))
    assert [table.levels for table in tables] == [("a",), ("b",)]
