"""Predictions equal the plain reference for any batches and row order."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from transformers import PreTrainedModel

from filters.contract import RaggedArray
from filters.language_model import forward
from filters.language_model.batching import cut_batches
from filters.language_model.forward import predict
from tests.filters.language_model.plain_reference import (
    VOCABULARY_SIZE,
    in_float64,
    score_sequence_plainly,
    small_model,
)

LENGTHS = (64, 1, 30, 64, 2, 17, 0, 64)


@pytest.fixture(scope="module")
def model() -> PreTrainedModel:
    return small_model()


def random_rows(lengths: tuple[int, ...] = LENGTHS) -> RaggedArray:
    offsets = np.concatenate(([0], np.cumsum(lengths, dtype=np.int64)))
    return RaggedArray(np.random.default_rng(0).integers(0, VOCABULARY_SIZE, offsets[-1], np.int32), offsets)


def rows_of(values: NDArray[np.generic], offsets: NDArray[np.int64]) -> list[NDArray[np.generic]]:
    return np.split(values, offsets[1:-1])


def test_predictions_equal_the_plain_reference(model: PreTrainedModel) -> None:
    tokens, exact = random_rows(), in_float64(model)
    predictions = predict(model, tokens, tokens_a_batch=150)
    assert np.diff(predictions.offsets).tolist() == [63, 0, 29, 63, 1, 16, 0, 63]
    expected = [score for row in rows_of(*tokens) for score in score_sequence_plainly(exact, row.tolist())]
    for values, plain in zip(predictions[1:], zip(*expected, strict=True), strict=True):
        np.testing.assert_allclose(values, plain, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("tokens_a_batch", [1, 100, 10_000])
def test_predictions_do_not_depend_on_batches_or_order(model: PreTrainedModel, tokens_a_batch: int) -> None:
    tokens = random_rows()
    whole = predict(model, tokens, tokens_a_batch=64)
    order = np.random.default_rng(1).permutation(len(LENGTHS))
    parts = [rows_of(*tokens)[row] for row in order]
    shuffled = RaggedArray(np.concatenate(parts), np.concatenate(([0], np.cumsum([len(part) for part in parts]))))
    found = predict(model, shuffled, tokens_a_batch)
    for before, after in zip(whole[1:], found[1:], strict=True):
        for position, row in enumerate(order):
            expected = rows_of(before, whole.offsets)[row]
            np.testing.assert_allclose(rows_of(after, found.offsets)[position], expected, rtol=1e-4, atol=1e-5)


def test_batch_that_does_not_fit_is_halved(model: PreTrainedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = random_rows()
    expected = predict(model, tokens, tokens_a_batch=10_000)
    score_batch, tried = forward._score_batch, []

    def too_small_for_three(model: PreTrainedModel, tokens: RaggedArray, rows: NDArray[np.int64]) -> object:
        tried.append(len(rows))
        if len(rows) > 2:
            raise torch.OutOfMemoryError
        return score_batch(model, tokens, rows)

    monkeypatch.setattr(forward, "_score_batch", too_small_for_three)
    found = predict(model, tokens, tokens_a_batch=10_000)
    assert tried == [6, 3, 2, 1, 3, 2, 1]
    for before, after in zip(expected[1:], found[1:], strict=True):
        np.testing.assert_allclose(after, before, rtol=1e-4, atol=1e-5)


def test_single_sequence_that_does_not_fit_is_an_error(model: PreTrainedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    def too_small(*_: object) -> object:
        raise torch.OutOfMemoryError

    monkeypatch.setattr(forward, "_score_batch", too_small)
    with pytest.raises(torch.OutOfMemoryError):
        predict(model, random_rows(), tokens_a_batch=10_000)


def test_no_rows_give_no_predictions(model: PreTrainedModel) -> None:
    for lengths in ((), (1, 0)):
        predictions = predict(model, random_rows(lengths), tokens_a_batch=10)
        assert predictions.offsets.tolist() == [0] * (len(lengths) + 1)
        assert all(len(values) == 0 for values in predictions[1:])


def test_batches_contain_every_row_once_within_the_token_limit() -> None:
    lengths = np.random.default_rng(2).integers(1, 90, 500)
    batches = list(cut_batches(lengths, 400))
    assert sorted(np.concatenate(batches)) == list(range(500))
    assert all(lengths[batch].max() * len(batch) <= 400 for batch in batches)
    assert [len(batch) for batch in cut_batches(np.array([7, 9]), 5)] == [1, 1]
