"""What a model must be for its answers to be right, tried on a few tokens when it is loaded.

The library counts models as causal that see the tokens behind the one that they predict, or padding, or that decode
otherwise than they predict: as they are configured, or always. Their numbers would look like any others.
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
# Of the largest logit: more than rounding changes, which the shape of a batch decides.
TOLERANCES = {torch.float32: 1e-3, torch.float64: 1e-3}
TOLERANCE_OF_HALF = 0.05


@torch.inference_mode()
def what_is_wrong(model: PreTrainedModel, wanted: Set[Input]) -> str | None:
    """Why the model cannot be asked for what is wanted; None where it can."""
    config = model.config.get_text_config()
    room = getattr(config, "max_position_embeddings", None) or 0
    if 0 < room < TOKENS + PADDING:
        return None  # too little for an attempt
    # Different rows, no token of which is the last of its row.
    tokens = (torch.arange(ROWS * TOKENS, device=model.device).reshape(ROWS, TOKENS) * 7 + 3) % config.vocab_size
    logits = model(tokens, use_cache=False).logits
    changed = tokens.clone()
    changed[:, -1] = (changed[:, -1] + 1) % config.vocab_size
    if not _are_alike(logits[:, :-1], model(changed, use_cache=False).logits[:, :-1]):
        return "what it says of a token depends on those behind it: it is not causal"
    padded = torch.nn.functional.pad(tokens, (0, PADDING))
    if not _are_alike(logits, model(padded, use_cache=False).logits[:, :TOKENS]):
        return "what it says of a sequence depends on the padding behind it"
    if "decoded_share" in wanted and not _decodes_as_it_predicts(model, tokens[:, :-DECODED]):
        return "it decodes other tokens than it predicts; name the filters without greedy_decoding"
    if "attention" in wanted and not _gives_attention(model, tokens):
        return "it has no attention that can be asked for; leave out the filter attention"
    return None


def _are_alike(logits: Tensor, others: Tensor) -> bool:
    """Also where they are no numbers, which is told row by row later."""
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
