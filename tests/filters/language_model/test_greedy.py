"""Decoding only the sequences that a forward pass leaves undecided equals decoding all sequences."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from transformers import PreTrainedModel

from filters.contract import RaggedArray
from filters.language_model.forward import predict
from filters.language_model.greedy import generate_continuations
from tests.filters.language_model.plain_reference import VOCABULARY_SIZE, in_float64, small_model

PROMPT, CONTINUATION, ROWS = 10, 12, 40


def ours(model: PreTrainedModel, sequences: NDArray[np.int64], tokens_a_batch: int = 200) -> NDArray[np.int64]:
    rows, length = sequences.shape
    predictions = predict(model, RaggedArray(sequences.ravel(), np.arange(rows + 1) * length), tokens_a_batch)
    first_choices = predictions.first_choice.reshape(rows, length - 1)[:, PROMPT - 1 :]
    return generate_continuations(model, sequences[:, :PROMPT], sequences[:, PROMPT:], first_choices, tokens_a_batch)


def generated(model: PreTrainedModel, prompts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the greedy decoding of the library, one prompt at a time."""
    options = {"do_sample": False, "max_new_tokens": CONTINUATION, "eos_token_id": None, "pad_token_id": 0}
    inputs = torch.split(torch.from_numpy(prompts), 1)
    # Without a mask, the library would treat token 0 as padding.
    found = [model.generate(each, attention_mask=torch.ones_like(each), **options) for each in inputs]
    return torch.cat(found)[:, PROMPT:].numpy()


@pytest.fixture(scope="module")
def model() -> PreTrainedModel:
    # In float32, two tokens may be so close that the shape of the batch decides between them.
    return in_float64(small_model())


@pytest.fixture(scope="module")
def partly_true(model: PreTrainedModel) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return sequences with decoded continuations except for some tokens, and the decoded tokens of each."""
    generator = np.random.default_rng(4)
    prompts = generator.integers(0, VOCABULARY_SIZE, (ROWS, PROMPT))
    decoded = generated(model, prompts)
    wrong = generator.random(decoded.shape) < np.linspace(0, 0.4, ROWS)[:, None]
    others = generator.integers(0, VOCABULARY_SIZE, decoded.shape)
    return np.hstack([prompts, np.where(wrong, others, decoded)]), decoded


def test_tokens_equal_the_decoding_of_the_library(
    model: PreTrainedModel, partly_true: tuple[NDArray[np.int64], NDArray[np.int64]]
) -> None:
    sequences, decoded = partly_true
    reproduced = (decoded == sequences[:, PROMPT:]).sum(axis=1).tolist()
    assert {0, CONTINUATION} & set(reproduced)
    assert len(set(reproduced)) > 4
    assert ours(model, sequences).tolist() == decoded.tolist()


@pytest.mark.parametrize("tokens_a_batch", [1, 10_000])
def test_tokens_do_not_depend_on_batches_or_order(
    model: PreTrainedModel, partly_true: tuple[NDArray[np.int64], NDArray[np.int64]], tokens_a_batch: int
) -> None:
    sequences, _ = partly_true
    order = np.random.default_rng(5).permutation(ROWS)
    assert ours(model, sequences[order], tokens_a_batch).tolist() == ours(model, sequences)[order].tolist()


def test_decoding_continues_after_an_end_of_text_token(
    model: PreTrainedModel, partly_true: tuple[NDArray[np.int64], NDArray[np.int64]]
) -> None:
    sequences, decoded = partly_true
    expected = ours(model, sequences).tolist()
    try:
        model.generation_config.eos_token_id = int(decoded[ROWS - 1, 3])
        assert ours(model, sequences).tolist() == expected
    finally:
        model.generation_config.eos_token_id = None


def test_only_undecided_sequences_are_decoded(model: PreTrainedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    prompts = np.random.default_rng(6).integers(0, VOCABULARY_SIZE, (2, PROMPT))
    decoded = generated(model, prompts)
    continuations = decoded.copy()
    continuations[1, -1] = (decoded[1, -1] + 1) % VOCABULARY_SIZE  # wrong only at the end: nothing to decode after it

    def fail(*_: object, **__: object) -> None:
        pytest.fail("decoded a sequence that the forward pass had settled")

    monkeypatch.setattr(model, "generate", fail)
    assert ours(model, np.hstack([prompts, continuations])).tolist() == decoded.tolist()
