"""How a model's attention is spread over what stands before each token: evenly, or on a few places."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from filters.contract import RaggedArray
from filters.language_model.answers import AttentionSpread
from filters.language_model.batching import cut_batches, in_parts_that_fit
from filters.language_model.padding import pad_rows

if TYPE_CHECKING:
    from transformers import PreTrainedModel


@torch.inference_mode()
def measure_attention(model: PreTrainedModel, tokens: RaggedArray, tokens_a_batch: int) -> AttentionSpread:
    """The spread of attention in every layer, for the rows of `tokens`, in their order.

    The model's attention must be the `eager` one, the only one that gives its weights.
    """
    lengths = np.diff(tokens.offsets)
    spread = AttentionSpread(*np.full((2, len(lengths), model.config.get_text_config().num_hidden_layers), np.nan))
    several = np.flatnonzero(lengths)
    for batch in cut_batches(lengths[several], tokens_a_batch):
        rows = several[batch]
        parts = in_parts_that_fit(partial(_spread_of_rows, model, tokens), rows)
        for values, found in zip(spread, zip(*parts, strict=True), strict=True):
            values[rows] = torch.cat(found).cpu().numpy()
    return spread


def _spread_of_rows(model: PreTrainedModel, tokens: RaggedArray, rows: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
    """Entropy and Gini coefficient of some rows, each of shape (rows, layers)."""
    ids, real = pad_rows(tokens, rows)
    queries = torch.from_numpy(real).to(model.device)
    outputs = model(torch.from_numpy(ids).to(model.device), use_cache=False, output_attentions=True)
    entropy, gini = zip(*(_spread_of_layer(weights, queries) for weights in outputs.attentions), strict=True)
    return torch.stack(entropy, dim=1), torch.stack(gini, dim=1)


def _spread_of_layer(weights: Tensor, queries: Tensor) -> tuple[Tensor, Tensor]:
    """Entropy and Gini coefficient of a layer's heads, each of shape (rows,).

    weights: shape (rows, heads, tokens, tokens). queries: bool, shape (rows, tokens), false for padding.
    """
    weights = weights.double()
    length = weights.shape[-1]
    seen = torch.arange(1, length + 1, device=weights.device)  # by the first token, the second, …
    entropy = torch.special.entr(weights).sum(-1)
    # In ascending order the places that a token cannot see, whose weight is 0, come before all others.
    ascending = weights.sort(dim=-1).values
    ranked = (ascending * seen).sum(-1) - (length - seen) * ascending.sum(-1)
    gini = 2 * ranked / (seen * ascending.sum(-1)) - (seen + 1) / seen
    counted = queries[:, None].expand_as(entropy)
    number = counted.sum((1, 2))
    means = [torch.where(counted, each, 0.0).sum((1, 2)) / number for each in (entropy, gini)]
    return means[0], means[1]
