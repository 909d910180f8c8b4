"""Decode greedily from the prompts, for the sequences that a forward pass does not settle."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from filters.language_model.batching import cut_batches, run_halving_on_lack_of_memory

if TYPE_CHECKING:
    from transformers import PreTrainedModel


@torch.inference_mode()
def count_reproduced(
    model: PreTrainedModel,
    prompts: NDArray[np.int64],
    continuations: NDArray[np.int64],
    first_choices: NDArray[np.int64],
    tokens_a_batch: int,
) -> NDArray[np.int64]:
    """Return how many continuation tokens greedy decoding from each prompt reproduces at the same position.

    prompts: token ids, shape (rows, prompt tokens). continuations: shape (rows, continuation tokens).
    first_choices: the model's top choice at each position of the continuation, given the true prefix.

    Up to the first position where the two differ, decoding equals the forward pass, so it starts from there. Decoding
    continues after an end-of-text token, which may occur inside a sequence.
    """
    differs = first_choices != continuations
    length = continuations.shape[1]
    settled = np.where(differs.any(axis=1), differs.argmax(axis=1), length)
    reproduced = settled.copy()
    for place in np.unique(settled[settled < length - 1]):
        rows = np.flatnonzero(settled == place)
        contexts = np.hstack([prompts[rows], continuations[rows, :place], first_choices[rows, place : place + 1]])
        count = partial(_count_reproduced, model, contexts, continuations[rows, place + 1 :])
        for batch in cut_batches(np.full(len(rows), prompts.shape[1] + length), tokens_a_batch):
            reproduced[rows[batch]] += np.concatenate(run_halving_on_lack_of_memory(count, batch))
    return reproduced


def _count_reproduced(
    model: PreTrainedModel, contexts: NDArray[np.int64], rest: NDArray[np.int64], rows: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return how many tokens of `rest` decoding reproduces after its context, for some rows of both."""
    decoded = decode(model, torch.from_numpy(contexts[rows]).to(model.device), rest.shape[1]).cpu().numpy()
    reproduced: NDArray[np.int64] = (decoded == rest[rows]).sum(axis=1)
    return reproduced


def decode(model: PreTrainedModel, contexts: Tensor, length: int) -> Tensor:
    """Return the next `length` tokens by greedy decoding, for contexts of equal length; int64, shape (rows, length)."""
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
