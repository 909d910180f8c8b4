"""Run the forward passes and score every token."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from filters.contract import RaggedArray
from filters.language_model.answers import Predictions
from filters.language_model.batching import cut_batches, run_halving_on_lack_of_memory
from filters.language_model.padding import pad_rows, places
from filters.language_model.scoring import ScoredTokens, score_tokens

if TYPE_CHECKING:
    from transformers import PreTrainedModel

# Copying waits for a GPU, which idles until the next batch. So the scores of a few batches are copied together.
TOKENS_A_COPY = 1 << 18


@torch.inference_mode()
def predict(model: PreTrainedModel, tokens: RaggedArray, tokens_a_batch: int) -> Predictions:
    """Return the predictions for the rows of `tokens`, in order; memory depends on `tokens_a_batch` only."""
    lengths = np.diff(tokens.offsets)
    scored = np.maximum(lengths - 1, 0)
    offsets = np.concatenate(([0], np.cumsum(scored)))
    log_likelihood, standardized, entropy = np.empty((3, offsets[-1]))
    predictions = Predictions(offsets, log_likelihood, standardized, entropy, np.empty(offsets[-1], np.int64))
    with_predictions = np.flatnonzero(scored)
    waiting: list[tuple[NDArray[np.int64], ScoredTokens]] = []
    for batch in cut_batches(lengths[with_predictions], tokens_a_batch):
        rows = with_predictions[batch]
        parts = run_halving_on_lack_of_memory(lambda part: _score_batch(model, tokens, part), rows)
        scored_places = places(offsets[rows], scored[rows])
        waiting.append((scored_places, ScoredTokens(*map(torch.cat, zip(*parts, strict=True)))))
        if sum(len(each) for each, _ in waiting) >= TOKENS_A_COPY:
            _copy(waiting, predictions)
            waiting.clear()
    _copy(waiting, predictions)
    return predictions


def _copy(scored: list[tuple[NDArray[np.int64], ScoredTokens]], predictions: Predictions) -> None:
    """Copy scored tokens to their places in the predictions."""
    for scored_places, found in scored:
        for values, each in zip(predictions[1:], found, strict=True):
            values[scored_places] = each.cpu().numpy()


def _score_batch(model: PreTrainedModel, tokens: RaggedArray, rows: NDArray[np.int64]) -> ScoredTokens:
    ids, real = pad_rows(tokens, rows)
    inputs = torch.from_numpy(ids).to(model.device)
    logits = model(inputs, use_cache=False).logits
    # Score all positions, even padding and the last token: dropping them first would copy the logits.
    scored = score_tokens(logits.flatten(0, 1), inputs.roll(-1, dims=1).flatten())
    is_followed = np.zeros_like(real)
    is_followed[:, :-1] = real[:, 1:]
    kept = torch.from_numpy(np.flatnonzero(is_followed)).to(model.device)  # a mask would make torch wait for a GPU
    return ScoredTokens(*(values[kept] for values in scored))
