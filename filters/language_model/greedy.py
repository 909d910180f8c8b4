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


def count_reproduced(
    model: PreTrainedModel,
    prompts: NDArray[np.int64],
    continuations: NDArray[np.int64],
    first_choices: NDArray[np.int64],
    tokens_a_batch: int,
) -> NDArray[np.int64]:
    """Return how many continuation tokens greedy decoding from each prompt reproduces at the same position.

    The arguments are those of `generate_continuations`.
    """
    decoded = generate_continuations(model, prompts, continuations, first_choices, tokens_a_batch)
    reproduced: NDArray[np.int64] = (decoded == continuations).sum(axis=1)
    return reproduced


@torch.inference_mode()
def generate_continuations(
    model: PreTrainedModel,
    prompts: NDArray[np.int64],
    continuations: NDArray[np.int64],
    first_choices: NDArray[np.int64],
    tokens_a_batch: int,
) -> NDArray[np.int64]:
    """Return the tokens that greedy decoding puts after each prompt; shape (rows, continuation tokens).

    prompts: token ids, shape (rows, prompt tokens). continuations: shape (rows, continuation tokens).
    first_choices: the model's top choice at each position of the continuation, given the true prefix.

    Up to the first position where the two differ, decoding equals the forward pass, so it starts from there. Decoding
    continues after an end-of-text token, which may occur inside a sequence.
    """
    differs = first_choices != continuations
    length = continuations.shape[1]
    # The number of tokens that the forward pass settles: the first that differs is the last of them.
    settled = np.where(differs.any(axis=1), differs.argmax(axis=1) + 1, length)
    decoded = first_choices.copy()
    undecided = np.flatnonzero(settled < length)
    # Rows of a batch start together, with the row that has the fewest settled tokens.
    undecided = undecided[np.argsort(settled[undecided], kind="stable")]
    work = partial(_continue, model, prompts, first_choices, settled)
    for batch in cut_batches(np.full(len(undecided), prompts.shape[1] + length), tokens_a_batch):
        rows = undecided[batch]
        decoded[rows] = np.concatenate(run_halving_on_lack_of_memory(work, rows))
    return decoded


def _continue(
    model: PreTrainedModel,
    prompts: NDArray[np.int64],
    first_choices: NDArray[np.int64],
    settled: NDArray[np.int64],
    rows: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Return the continuations of some rows; the settled tokens of each row are given to the model as they are."""
    start, end = int(settled[rows].min()), int(settled[rows].max())
    contexts = np.hstack([prompts[rows], first_choices[rows, :start]])
    given = first_choices[rows, start:end]
    given = np.where(np.arange(start, end) < settled[rows, None], given, NOT_GIVEN)
    tokens, given_tokens = (torch.from_numpy(each).to(model.device) for each in (contexts, given))
    decoded: NDArray[np.int64] = decode(model, tokens, first_choices.shape[1] - start, given_tokens).cpu().numpy()
    return np.hstack([first_choices[rows, :start], decoded])


NOT_GIVEN = -1  # instead of a token id


def decode(model: PreTrainedModel, contexts: Tensor, length: int, given: Tensor | None = None) -> Tensor:
    """Return the next `length` tokens by greedy decoding, for contexts of equal length; int64, shape (rows, length).

    given: for the first positions, the token to take instead of the model's top choice, or -1; shape (rows, positions).
    """
    decoded: Tensor = model.generate(
        contexts,
        attention_mask=torch.ones_like(contexts),
        logits_processor=[] if given is None else [partial(_prefer, given, contexts.shape[1])],
        do_sample=False,
        min_new_tokens=length,
        max_new_tokens=length,
        eos_token_id=None,
        pad_token_id=0,
    )
    return decoded[:, contexts.shape[1] :]


def _prefer(given: Tensor, context_length: int, input_ids: Tensor, scores: Tensor) -> Tensor:
    """Return the logits of the next tokens, infinite for tokens that are given."""
    position = input_ids.shape[1] - context_length
    if position >= given.shape[1]:
        return scores
    tokens = given[:, position, None]
    is_given = tokens != NOT_GIVEN
    tokens = torch.where(is_given, tokens, 0)
    return scores.scatter(-1, tokens, torch.where(is_given, torch.inf, scores.gather(-1, tokens)))
