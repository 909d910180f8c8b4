"""Measure how a model spreads its attention: evenly over the preceding tokens, or on a few of them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from filters.contract import RaggedArray
from filters.language_model.answers import AttentionSpread
from filters.language_model.batching import cut_batches, run_halving_on_lack_of_memory
from filters.language_model.padding import pad_rows

if TYPE_CHECKING:
    from transformers import PreTrainedModel


@torch.inference_mode()
def measure_attention(model: PreTrainedModel, tokens: RaggedArray, tokens_a_batch: int) -> AttentionSpread:
    """Return the spread of attention in every layer, for the rows of `tokens`, in order.

    The model must use `eager` attention, the only implementation that returns its weights.
    """
    lengths = np.diff(tokens.offsets)
    spread = AttentionSpread(*np.full((2, len(lengths), model.config.get_text_config().num_hidden_layers), np.nan))
    nonempty = np.flatnonzero(lengths)
    for batch in cut_batches(lengths[nonempty], tokens_a_batch):
        rows = nonempty[batch]
        parts = run_halving_on_lack_of_memory(partial(_spread_of_rows, model, tokens), rows)
        for values, found in zip(spread, zip(*parts, strict=True), strict=True):
            values[rows] = torch.cat(found).cpu().numpy()
    return spread


def _spread_of_rows(model: PreTrainedModel, tokens: RaggedArray, rows: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
    """Return entropy and Gini coefficient of some rows, each of shape (rows, layers)."""
    ids, real = pad_rows(tokens, rows)
    queries = torch.from_numpy(real).to(model.device)
    outputs = model(torch.from_numpy(ids).to(model.device), use_cache=False, output_attentions=True)
    entropy, gini = zip(*(_spread_of_layer(weights, queries) for weights in outputs.attentions), strict=True)
    return torch.stack(entropy, dim=1), torch.stack(gini, dim=1)


def _spread_of_layer(weights: Tensor, queries: Tensor) -> tuple[Tensor, Tensor]:
    """Return entropy and Gini coefficient averaged over a layer's heads, each of shape (rows,).

    weights: shape (rows, heads, tokens, tokens). queries: bool, shape (rows, tokens), False for padding.
    """
    weights = weights.double()
    length = weights.shape[-1]
    visible = torch.arange(1, length + 1, device=weights.device)  # tokens that the first, second, … token can see
    entropy = torch.special.entr(weights).sum(-1)
    # In ascending order, the tokens that a query cannot see, with weight 0, come first.
    ascending = weights.sort(dim=-1).values
    ranked = (ascending * visible).sum(-1) - (length - visible) * ascending.sum(-1)
    gini = 2 * ranked / (visible * ascending.sum(-1)) - (visible + 1) / visible
    counted = queries[:, None].expand_as(entropy)
    number = counted.sum((1, 2))
    means = [torch.where(counted, each, 0.0).sum((1, 2)) / number for each in (entropy, gini)]
    return means[0], means[1]
