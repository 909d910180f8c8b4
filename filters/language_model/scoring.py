"""What one row of logits says of the token that came: its log-likelihood, and how it stands among the others."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from filters.language_model.logit_sums import add_up_gaps

NUMBERS_A_CHUNK = 1 << 27  # keeps a GPU busy, in 1.5 GB
SMALLEST_GAP = -200.0  # exp of it is 0 in float32


class ScoredTokens(NamedTuple):
    """One value a token that was predicted.

    log_likelihood: of the token, in nats; float64, at most 0.
    standardized: the log-likelihood less its mean under the model's prediction, over the standard deviation there
        (Min-K%++, Zhang et al. 2024, arXiv:2404.02936); float64.
    entropy: of the prediction, in nats; float64.
    first_choice: the id of the token that the model finds likeliest; int64.
    """

    log_likelihood: Tensor
    standardized: Tensor
    entropy: Tensor
    first_choice: Tensor


def score_tokens(logits: Tensor, targets: Tensor) -> ScoredTokens:
    """Scores each token against the logits that predicted it.

    logits: of any floating type, shape (tokens, vocabulary size). targets: int64, shape (tokens,).
    Logits whose largest is NaN or infinite give NaN.
    """
    top, gap, first_choice, sums = _sums_of_gaps(logits, targets)
    # The likeliest token's own weight, 1, is added in float64: so a prediction that is nearly certain keeps its small
    # digits, which a log-softmax in float32 rounds away.
    others, mean_gap, mean_square = sums
    mean_gap, mean_square = mean_gap / (1 + others), mean_square / (1 + others)
    deviation = (mean_square - mean_gap.square()).clamp_(min=0.0).sqrt()
    log_total = others.log1p()
    gap = torch.where(top.isfinite(), gap.double(), math.nan)
    above_mean = gap - mean_gap
    return ScoredTokens(
        log_likelihood=gap - log_total,
        # Where all the others weigh nothing, the certain token is as likely as expected.
        standardized=torch.where(above_mean == 0, 0.0, above_mean / deviation),
        entropy=torch.where(top.isfinite(), log_total - mean_gap, math.nan),
        first_choice=first_choice,
    )


def _sums_of_gaps(logits: Tensor, targets: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """As `filters.logit_sums.add_up_gaps`, on the device where the logits are."""
    if logits.device.type == "cpu":
        top, gap, first_choice, sums = map(torch.from_numpy, add_up_gaps(logits.float().numpy(), targets.numpy()))
        return top, gap, first_choice, sums
    return add_up_gaps_with_torch(logits, targets)


def add_up_gaps_with_torch(logits: Tensor, targets: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """As `filters.logit_sums.add_up_gaps`, on any device; there the weights count as 0 from 1e-45 on."""
    number, size = logits.shape
    rows = max(1, NUMBERS_A_CHUNK // size)
    top, gap = torch.empty((2, number, 1), device=logits.device)
    first_choice = torch.empty((number, 1), dtype=torch.int64, device=logits.device)
    sums = torch.empty((3, number), device=logits.device)
    # Two arrays for all chunks: to get and give back as many for each takes longer than to reckon with them.
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
