"""One forward pass over a batch of sequences, and what it says of every token."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from filters.contract import RaggedArray
from filters.language_model.batching import cut_batches
from filters.language_model.padding import pad_rows, places
from filters.language_model.predictions import Predictions
from filters.language_model.scoring import ScoredTokens, score_tokens

if TYPE_CHECKING:
    from transformers import PreTrainedModel


@torch.inference_mode()
def predict(model: PreTrainedModel, tokens: RaggedArray, tokens_a_batch: int) -> Predictions:
    """The predictions for the rows of `tokens`, in their order; memory grows with `tokens_a_batch` alone."""
    lengths = np.diff(tokens.offsets)
    scored = np.maximum(lengths - 1, 0)
    offsets = np.concatenate(([0], np.cumsum(scored)))
    log_likelihood, standardized, entropy = np.empty((3, offsets[-1]))
    predictions = Predictions(offsets, log_likelihood, standardized, entropy, np.empty(offsets[-1], np.int64))
    several = np.flatnonzero(scored)
    for batch in cut_batches(lengths[several], tokens_a_batch):
        rows = several[batch]
        scored_places = places(offsets[rows], scored[rows])
        for values, found in zip(predictions[1:], _score_rows(model, tokens, rows), strict=True):
            values[scored_places] = found.cpu().numpy()
    return predictions


def _score_rows(model: PreTrainedModel, tokens: RaggedArray, rows: NDArray[np.int64]) -> ScoredTokens:
    """The scored tokens of some rows, one row after the other; a batch that does not fit is halved."""
    try:
        return _score_batch(model, tokens, rows)
    except torch.OutOfMemoryError:
        if len(rows) == 1:
            raise
    # Outside of the handler, which keeps what was allocated alive.
    halves = (_score_rows(model, tokens, half) for half in np.array_split(rows, 2))
    return ScoredTokens(*(torch.cat(parts) for parts in zip(*halves, strict=True)))


def _score_batch(model: PreTrainedModel, tokens: RaggedArray, rows: NDArray[np.int64]) -> ScoredTokens:
    ids, real = pad_rows(tokens, rows)
    inputs = torch.from_numpy(ids).to(model.device)
    logits = model(inputs, use_cache=False).logits
    if real.all():
        return score_tokens(logits[:, :-1].flatten(0, 1), inputs[:, 1:].flatten())
    kept = torch.from_numpy(real[:, 1:]).to(model.device)
    return score_tokens(logits[:, :-1][kept], inputs[:, 1:][kept])
