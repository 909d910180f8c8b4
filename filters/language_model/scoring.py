"""Score tokens by the logits that predicted them: log-likelihood, standardized likelihood, entropy, top choice."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from functools import cache
from typing import NamedTuple, TypeAlias

import torch
from torch import Tensor

from filters.errors import printable
from filters.language_model import logit_sums
from filters.language_model.logit_sums import add_up_gaps

NUMBERS_A_CHUNK = 1 << 27  # keeps a GPU busy, in 1.5 GB
SMALLEST_GAP = -200.0  # exp of it is 0 in float32

GapSums: TypeAlias = tuple[Tensor, Tensor, Tensor, Tensor]  # largest logit, target's gap, top choice, three sums
AddUp: TypeAlias = Callable[..., GapSums]


class ScoredTokens(NamedTuple):
    """Scores of predicted tokens, one value per token.

    log_likelihood: of the token, in nats; float64, at most 0.
    standardized: the log-likelihood less its mean, over its standard deviation, both under the model's prediction
        (Min-K%++, Zhang et al. 2024, arXiv:2404.02936); float64.
    entropy: of the prediction, in nats; float64.
    first_choice: the id of the model's top choice; int64.
    """

    log_likelihood: Tensor
    standardized: Tensor
    entropy: Tensor
    first_choice: Tensor


def score_tokens(logits: Tensor, targets: Tensor, add_up: AddUp | None = None) -> ScoredTokens:
    """Score each token against the logits that predicted it.

    logits: any floating type, shape (tokens, vocabulary size). targets: int64, shape (tokens,).
    add_up: computes `logit_sums.add_up_gaps`; by default, compiled code for the device.
    Rows whose largest logit is NaN or infinite give NaN.
    """
    if add_up is None:
        add_up = add_up_gaps_compiled if logits.device.type == "cpu" else fastest_on_gpu(logits.device)
    top, gap, first_choice, sums = add_up(logits, targets)
    # The likeliest token's own weight, 1, is added in float64. So a nearly certain prediction keeps its small digits,
    # which a log-softmax in float32 would round away.
    others, mean_gap, mean_square = sums
    mean_gap, mean_square = mean_gap / (1 + others), mean_square / (1 + others)
    deviation = (mean_square - mean_gap.square()).clamp_(min=0.0).sqrt()
    log_total = others.log1p()
    gap = torch.where(top.isfinite(), gap.double(), math.nan)
    above_mean = gap - mean_gap
    return ScoredTokens(
        log_likelihood=gap - log_total,
        # If all other tokens have weight 0, the certain token is exactly as likely as expected.
        standardized=torch.where(above_mean == 0, 0.0, above_mean / deviation),
        entropy=torch.where(top.isfinite(), log_total - mean_gap, math.nan),
        first_choice=first_choice,
    )


@cache
def fastest_on_gpu(device: torch.device) -> AddUp:
    """Return the Triton kernel if it runs on this device, else the torch operations.

    Triton is missing in some of torch's packages; it needs a C compiler, Python's headers and a recent GPU.
    """
    try:
        from filters.language_model.logit_sums_triton import add_up_gaps_with_triton

        add_up_gaps_with_triton(torch.zeros((1, 16), device=device), torch.zeros(1, dtype=torch.int64, device=device))
    except torch.OutOfMemoryError:
        raise
    except Exception as error:  # Triton raises many kinds of errors
        reason = printable(" ".join(str(error).split()))[:300]
        logging.getLogger("memorization").info("scoring without Triton: %s: %s", type(error).__name__, reason)
        return add_up_gaps_with_torch
    return add_up_gaps_with_triton


def add_up_gaps_compiled(logits: Tensor, targets: Tensor, numbers_a_chunk: int = logit_sums.NUMBERS_A_CHUNK) -> GapSums:
    """Compute `logit_sums.add_up_gaps` for tensors on a CPU."""
    found = add_up_gaps(logits.float().numpy(), targets.numpy(), numbers_a_chunk)
    top, gap, first_choice, sums = map(torch.from_numpy, found)
    return top, gap, first_choice, sums


def add_up_gaps_with_torch(logits: Tensor, targets: Tensor, numbers_a_chunk: int = NUMBERS_A_CHUNK) -> GapSums:
    """Compute `logit_sums.add_up_gaps` with torch, on any device; here weights below 1e-45 count as 0."""
    number, size = logits.shape
    rows = max(1, numbers_a_chunk // size)
    top, gap = torch.empty((2, number, 1), device=logits.device)
    first_choice = torch.empty((number, 1), dtype=torch.int64, device=logits.device)
    sums = torch.empty((3, number), device=logits.device)
    # Two buffers for all chunks: allocating them per chunk takes longer than the computation.
    work = torch.empty((2, min(rows, number), size), device=logits.device)
    for start in range(0, number, rows):
        here = slice(start, start + rows)
        chunk = logits[here].float()
        gaps, weights = work[:, : len(chunk)]
        torch.argmax(chunk, -1, keepdim=True, out=first_choice[here])
        torch.gather(chunk, -1, first_choice[here], out=top[here])
        torch.sub(chunk, top[here], out=gaps)
        torch.gather(gaps, -1, targets[here, None], out=gap[here])
        gaps.clamp_(min=SMALLEST_GAP)  # a logit of -inf is a weight of 0
        torch.exp(gaps, out=weights).scatter_(-1, first_choice[here], 0.0)
        torch.sum(weights, -1, out=sums[0, here])
        torch.sum(weights.mul_(gaps), -1, out=sums[1, here])
        torch.sum(weights.mul_(gaps), -1, out=sums[2, here])
    return top.squeeze(-1), gap.squeeze(-1), first_choice.squeeze(-1), sums.double()
