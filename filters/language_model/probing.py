"""Test a model on a few tokens when it is loaded, to make sure that its outputs can be used.

Some models that transformers lists as causal see tokens after the predicted one, see padding, or decode other tokens
than they predict; some always, some as configured. Their scores would look normal.
"""

from __future__ import annotations

from collections.abc import Set
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from filters.contract import Input
from filters.language_model.greedy import decode

if TYPE_CHECKING:
    from transformers import PreTrainedModel

TOKENS, PADDING, DECODED, ROWS = 12, 4, 4, 3
# Relative to the largest logit: above the rounding differences between batch shapes.
TOLERANCES = {torch.float32: 1e-3, torch.float64: 1e-3}
TOLERANCE_OF_HALF = 0.05


@torch.inference_mode()
def find_problem(model: PreTrainedModel, wanted: Set[Input]) -> str | None:
    """Return why the model cannot provide the wanted outputs; None if it can."""
    config = model.config.get_text_config()
    room = getattr(config, "max_position_embeddings", None) or 0
    if 0 < room < TOKENS + PADDING:
        return None  # too short to test
    # The rows differ, and no token equals the last of its row.
    tokens = (torch.arange(ROWS * TOKENS, device=model.device).reshape(ROWS, TOKENS) * 7 + 3) % config.vocab_size
    logits = model(tokens, use_cache=False).logits
    changed = tokens.clone()
    changed[:, -1] = (changed[:, -1] + 1) % config.vocab_size
    if not _are_alike(logits[:, :-1], model(changed, use_cache=False).logits[:, :-1]):
        return "its output for a token depends on later tokens: it is not causal"
    padded = torch.nn.functional.pad(tokens, (0, PADDING))
    if not _are_alike(logits, model(padded, use_cache=False).logits[:, :TOKENS]):
        return "its output for a sequence depends on the padding behind it"
    if "generation" in wanted and not _decodes_as_it_predicts(model, tokens[:, :-DECODED]):
        return "it decodes other tokens than it predicts; leave out the filter greedy_decoding"
    if "attention" in wanted and not _gives_attention(model, tokens):
        return "it does not return attention weights; leave out the filter attention"
    return None


def _are_alike(logits: Tensor, others: Tensor) -> bool:
    """Return whether the logits agree; NaN counts as agreement, since it is reported row by row later."""
    return not bool((logits - others).abs().max() > _tolerance(logits))


def _decodes_as_it_predicts(model: PreTrainedModel, contexts: Tensor) -> bool:
    decoded = decode(model, contexts, DECODED)
    logits = model(torch.cat([contexts, decoded], dim=1), use_cache=False).logits[:, -DECODED - 1 : -1]
    chosen = logits.gather(-1, decoded[:, :, None])
    return not bool((logits.amax(-1, keepdim=True) - chosen).max() > _tolerance(logits))


def _gives_attention(model: PreTrainedModel, tokens: Tensor) -> bool:
    weights = model(tokens, use_cache=False, output_attentions=True).attentions
    shape = (*tokens.shape, tokens.shape[1])
    return bool(weights) and all(each is not None and (each.shape[0], *each.shape[2:]) == shape for each in weights)


def _tolerance(logits: Tensor) -> Tensor:
    return TOLERANCES.get(logits.dtype, TOLERANCE_OF_HALF) * logits.abs().max()
