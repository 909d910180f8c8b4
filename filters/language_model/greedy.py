"""Greedy decoding from the prompts, for the sequences that a forward pass does not settle."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from filters.language_model.batching import cut_batches, in_parts_that_fit

if TYPE_CHECKING:
    from transformers import PreTrainedModel


@torch.inference_mode()
def count_given_back(
    model: PreTrainedModel,
    prompts: NDArray[np.int64],
    continuations: NDArray[np.int64],
    first_choices: NDArray[np.int64],
    tokens_a_batch: int,
) -> NDArray[np.int64]:
    """How many tokens of its continuation greedy decoding from each prompt gives back at their place.

    prompts: token ids, shape (rows, prompt tokens). continuations: shape (rows, continuation tokens).
    first_choices: what the model finds likeliest at each place of the continuation, under the true prefix.

    Up to the first place where the two differ, decoding goes as the forward pass went: it starts from there.
    Decoding goes on after an end-of-text token, which may stand inside of a sequence.
    """
    differs = first_choices != continuations
    length = continuations.shape[1]
    settled = np.where(differs.any(axis=1), differs.argmax(axis=1), length)
    given_back = settled.copy()
    for place in np.unique(settled[settled < length - 1]):
        rows = np.flatnonzero(settled == place)
        contexts = np.hstack([prompts[rows], continuations[rows, :place], first_choices[rows, place : place + 1]])
        count = partial(_count_given_back, model, contexts, continuations[rows, place + 1 :])
        for batch in cut_batches(np.full(len(rows), prompts.shape[1] + length), tokens_a_batch):
            given_back[rows[batch]] += np.concatenate(in_parts_that_fit(count, batch))
    return given_back


def _count_given_back(
    model: PreTrainedModel, contexts: NDArray[np.int64], rest: NDArray[np.int64], rows: NDArray[np.int64]
) -> NDArray[np.int64]:
    """How many tokens of the `rest` decoding gives back after its context, for some of the rows of both."""
    decoded = decode(model, torch.from_numpy(contexts[rows]).to(model.device), rest.shape[1]).cpu().numpy()
    given_back: NDArray[np.int64] = (decoded == rest[rows]).sum(axis=1)
    return given_back


def decode(model: PreTrainedModel, contexts: Tensor, length: int) -> Tensor:
    """The `length` tokens that greedy decoding puts after contexts of one length; int64, shape (rows, length)."""
    decoded: Tensor = model.generate(
        contexts,
        attention_mask=torch.ones_like(contexts),
        do_sample=False,
        min_new_tokens=length,
        max_new_tokens=length,
        eos_token_id=None,
        pad_token_id=0,
    )
    return decoded[:, contexts.shape[1] :]
