"""The model filters agree with the plain reference; rows that the model cannot evaluate get no value."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM, PreTrainedModel

from filters import apply_filters, read_language_model
from filters.language_model.model import LanguageModel
from filters.measuring import Resources, measure_batch
from filters.registry import choose_filters
from tests.filters.language_model.plain_metrics import decode_plainly, measure_plainly
from tests.filters.language_model.plain_reference import VOCABULARY_SIZE, in_float64, small_model
from utils import UserError

SAMPLE = Path(__file__).parents[3] / "sample" / "data"
SMALLEST = SAMPLE / "models" / "deduped.70m"
PROMPT, CONTINUATION, PERCENT = 7, 9, 30.0
LENGTHS = (16, 16, 16, 30, 15, 1, 2, 16, 45)
EXACT = ("memorization_score", "is_extractable", "first_choice_share", "generation")
COLUMNS = [column for each in choose_filters(("model",)) for column in each.columns]


@pytest.fixture(scope="module")
def model() -> PreTrainedModel:
    return small_model()


@pytest.fixture(scope="module")
def directory(model: PreTrainedModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model")
    model.save_pretrained(path)
    return path


@pytest.fixture(scope="module")
def sequences(model: PreTrainedModel) -> pa.Table:
    """Return random sequences; in some, the model decodes part of the continuation or all of it."""
    generator = np.random.default_rng(3)
    rows = [generator.integers(0, VOCABULARY_SIZE, length).tolist() for length in LENGTHS]
    for row, kept in ((1, CONTINUATION), (2, 4), (3, CONTINUATION), (7, 0)):
        prompt = rows[row][-PROMPT - CONTINUATION : -CONTINUATION]
        rows[row][-CONTINUATION:] = (
            decode_plainly(model, prompt, CONTINUATION)[:kept] + rows[row][-CONTINUATION:][kept:]
        )
    texts = [f"row {number} " * 3 for number in range(len(rows))]
    return pa.table({"tokens": pa.array(rows, pa.list_(pa.int32())), "text": texts})


def measured(directory: Path, sequences: pa.Table, **how: Any) -> pa.Table:
    settings = {"prompt_tokens": PROMPT, "continuation_tokens": CONTINUATION, "min_k_percent": PERCENT} | how
    return apply_filters(sequences, None, ("model",), language_model=read_language_model(directory, **settings))


def test_every_metric_equals_the_plain_reference(model: PreTrainedModel, directory: Path, sequences: pa.Table) -> None:
    exact = in_float64(model)
    found = measured(directory, sequences).to_pylist()
    expected = [
        measure_plainly(exact, row["tokens"], row["text"].encode(), PROMPT, CONTINUATION, PERCENT)
        for row in sequences.to_pylist()
    ]
    assert {row["is_extractable"] for row in expected} == {True, False, None}
    assert len({row["memorization_score"] for row in expected}) > 3
    for row, plain in zip(found, expected, strict=True):
        assert set(plain) == {column.name for column in COLUMNS} - {"generation_text"}
        for name, value in plain.items():
            exactly = name in EXACT or value is None
            assert row[name] == (value if exactly else pytest.approx(value, rel=1e-4)), name


@pytest.mark.parametrize("largest", [1, 100_000])
def test_metrics_do_not_depend_on_batches_or_order(directory: Path, sequences: pa.Table, largest: int) -> None:
    expected = measured(directory, sequences)
    order = pa.array(np.random.default_rng(4).permutation(len(sequences)))
    found = measured(directory, sequences.take(order), batch_bytes=largest)
    for column in COLUMNS:
        before, after = expected[column.name].take(order).to_pylist(), found[column.name].to_pylist()
        for one, other in zip(before, after, strict=True):
            assert other == (one if one is None else pytest.approx(one, rel=1e-4)), column.name


def test_generation_is_decoded_as_the_tokenizer_does(
    model: PreTrainedModel, directory: Path, tokenizer: Tokenizer
) -> None:
    exact, known = in_float64(model), tokenizer.get_vocab_size()
    assert known < VOCABULARY_SIZE  # so that the model may generate ids that the tokenizer lacks
    generator = np.random.default_rng(8)
    rows = [generator.integers(0, known, length).tolist() for length in LENGTHS * 4]
    settings = read_language_model(directory, prompt_tokens=PROMPT, continuation_tokens=CONTINUATION)
    found = apply_filters({"tokens": rows}, tokenizer, "greedy_decoding", language_model=settings)
    lacks = 0
    for row, tokens, text in zip(rows, found["generation"], found["generation_text"], strict=True):
        if len(row) < PROMPT + CONTINUATION:
            assert tokens is text is None
            continue
        assert tokens == decode_plainly(exact, row[-PROMPT - CONTINUATION : -CONTINUATION], CONTINUATION)
        assert text == tokenizer.decode([token for token in tokens if token < known], skip_special_tokens=False)
        lacks += max(tokens) >= known
    assert lacks
    without = apply_filters({"tokens": rows}, None, "greedy_decoding", language_model=settings)
    assert without["generation"] == found["generation"]
    assert without["generation_text"] == [None] * len(rows)


@pytest.mark.parametrize("batch_rows", [1, 10_000])
def test_generation_of_the_sample_equals_that_of_the_library_row_by_row(batch_rows: int) -> None:
    tokens = pq.read_table(next((SAMPLE / "pile-deduped").rglob("*.parquet")))["Tokens"][:12].to_pylist()
    found = apply_filters(
        {"tokens": tokens},
        SAMPLE / "tokenizer",
        "first_choices,greedy_decoding",
        language_model=SMALLEST,
        batch_rows=batch_rows,
    )
    assert {True, False} == set(found["is_extractable"])
    loaded = AutoModelForCausalLM.from_pretrained(SMALLEST)
    tokenizer = Tokenizer.from_file(str(SAMPLE / "tokenizer" / "tokenizer.json"))
    for row, generation, text in zip(tokens, found["generation"], found["generation_text"], strict=True):
        assert generation == decode_plainly(loaded, row[-64:-32], 32)
        assert text == tokenizer.decode(generation, skip_special_tokens=False)


def test_continuation_is_measured_after_a_shorter_prompt(
    model: PreTrainedModel, directory: Path, sequences: pa.Table
) -> None:
    """The continuation stays the same for every prompt length, and tokens before the prompt are not seen."""
    exact, tokens = in_float64(model), sequences["tokens"][8].as_py()
    for prompt in (1, 3, 30):
        (row,) = measured(directory, sequences.slice(8, 1), prompt_tokens=prompt).to_pylist()
        expected = measure_plainly(exact, tokens, b"x", prompt, CONTINUATION, PERCENT)
        for name in ("prompt_perplexity", "generation_perplexity", "memorization_score"):
            value = expected[name]
            assert row[name] == (value if value is None else pytest.approx(value, rel=1e-4)), name


def test_single_filters_equal_all_filters_together(directory: Path, sequences: pa.Table) -> None:
    whole = measured(directory, sequences)
    settings = read_language_model(directory, prompt_tokens=PROMPT, continuation_tokens=CONTINUATION)
    for name in ("first_choices", "greedy_decoding"):
        alone = apply_filters(sequences, None, (name,), language_model=settings)
        for column in choose_filters((name,))[0].columns:
            assert alone[column.name].equals(whole[column.name])


def test_attention_is_measured_if_its_filter_is_chosen(directory: Path, sequences: pa.Table) -> None:
    found = apply_filters(sequences, None, ("attention",), language_model=directory)
    for name in ("attention_entropy", "attention_gini"):
        assert {len(values) for values in found[name].to_pylist()} == {3}
    entropy = np.array(found["attention_entropy"].to_pylist())
    assert ((entropy >= 0) & (entropy <= np.log(LENGTHS)[:, None])).all()


def test_missing_model_or_tokenizer_is_named(directory: Path, sequences: pa.Table) -> None:
    with pytest.raises(UserError, match="expected a language_model"):
        apply_filters(sequences, None, ("model",))
    with pytest.raises(UserError, match="expected a tokenizer to encode the text"):
        apply_filters(sequences.select(["text"]), None, ("likelihood",), language_model=directory)
    with pytest.raises(UserError, match=r"nope: no such directory\.\nGive"):
        apply_filters(sequences, None, ("likelihood",), language_model="nope")


def reasons(directory: Path, rows: list[list[int]], **changed: Any) -> tuple[list[str | None], list[float]]:
    """Return the reason for each rejected row, and the losses of the other rows."""
    model = LanguageModel(directory, VOCABULARY_SIZE, 128, PROMPT, CONTINUATION, **changed)
    batch = measure_batch(
        pa.array(rows, pa.list_(pa.int64())), None, choose_filters(("model",)), Resources(language_model=model)
    )
    return batch.reasons.tolist(), batch.columns["loss"].to_pylist()


def test_unmeasurable_rows_are_rejected_and_the_others_measured(directory: Path) -> None:
    rows = [[5] * 20, [5, 300, 301], [5] * 129, [], [7, -1], [5] * 128]
    found, losses = reasons(directory, rows)
    assert found == [
        None,
        "token id 300 is not one of the language model's (ids below 300)",
        "129 tokens are more than the language model's context of 128",
        "tokens is empty",
        "token id -1 is negative",
        None,
    ]
    expected = reasons(directory, [rows[0], rows[5]])[1]
    assert losses == pytest.approx(expected, rel=1e-5)


def test_nan_predictions_are_rejected(tmp_path: Path) -> None:
    broken = small_model()
    with torch.no_grad():
        broken.get_input_embeddings().weight[7] = torch.nan
    broken.save_pretrained(tmp_path / "some")
    rows = [[5] * 20, [5] * 10 + [7] + [5] * 9, [6] * 20, [5, 7, 5]]
    found, losses = reasons(tmp_path / "some", rows)
    why = "the language model's predictions are not a number (NaN)"
    assert found == [None, why, None, why]
    assert losses == pytest.approx(reasons(tmp_path / "some", [rows[0], rows[2]])[1])
    with torch.no_grad():
        broken.get_input_embeddings().weight[:] = torch.nan
    broken.save_pretrained(tmp_path / "all")
    assert reasons(tmp_path / "all", rows) == ([why] * 4, [])
    model = LanguageModel(tmp_path / "some", VOCABULARY_SIZE, 128, PROMPT, CONTINUATION)
    batch = measure_batch(pa.array(rows), None, choose_filters(("attention",)), Resources(language_model=model))
    assert batch.reasons.tolist() == [None, why, None, why]


def test_text_is_encoded_for_the_model(directory: Path, tokenizer: Tokenizer) -> None:
    text = "one two three four"
    from_text = apply_filters(pa.table({"text": [text]}), tokenizer, ("likelihood",), language_model=directory)
    tokens = pa.table({"tokens": [tokenizer.encode(text).ids]})
    assert from_text["loss"].equals(apply_filters(tokens, tokenizer, ("likelihood",), language_model=directory)["loss"])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        pytest.param(
            {"prompt_tokens": 100, "continuation_tokens": 32}, "context of 128 tokens is shorter", id="too long"
        ),
        pytest.param({"config": '{"model_type": "t5"}'}, "'t5' does not predict the next token", id="no causal model"),
        pytest.param({"config": '{"model_type": "llama", "text_config": {}}'}, r"config\.json cannot", id="no text"),
        pytest.param({"config": "["}, r"config\.json cannot be read", id="damaged"),
    ],
)
def test_unusable_models_are_rejected_by_their_configuration(
    directory: Path, tmp_path: Path, settings: dict[str, Any], message: str
) -> None:
    if "config" in settings:
        (tmp_path / "config.json").write_text(settings.pop("config"))
        directory = tmp_path
    with pytest.raises(UserError, match=message) as raised:
        read_language_model(directory, **settings)
    assert len(str(raised.value).splitlines()) == 2
