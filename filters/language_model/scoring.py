"""What one row of logits says of the token that came: its log-likelihood, and how it stands among the others."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

LOGITS_A_CHUNK = 1 << 19  # 2 MB of float32: what is worked on stays in a core's cache
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
    rows = max(1, LOGITS_A_CHUNK // logits.shape[-1])
    chunks = zip(torch.split(logits, rows), torch.split(targets, rows), strict=True)
    # Two arrays for all chunks: to get and give back as many for each takes longer than to reckon with them.
    work = torch.empty((2, min(rows, len(logits)), logits.shape[-1]), device=logits.device)
    parts = [_score_chunk(chunk.float(), chunk_targets, work[:, : len(chunk)]) for chunk, chunk_targets in chunks]
    return ScoredTokens(*(torch.cat(each) for each in zip(*parts, strict=True)))


def _score_chunk(logits: Tensor, targets: Tensor, work: Tensor) -> ScoredTokens:
    """Everything is reckoned from the gaps to the likeliest token, whose own weight, 1, is added in float64.

    So a prediction that is nearly certain keeps its small digits, which a log-softmax in float32 rounds away.
    work: float32, shape (2, tokens, vocabulary size), of any content.
    """
    first_choice = _first_of_the_largest(logits)[:, None]
    top = logits.gather(-1, first_choice)
    gaps = torch.sub(logits, torch.where(top.isfinite(), top, math.nan), out=work[0])
    gap = gaps.gather(-1, targets[:, None]).squeeze(-1).double()
    gaps.clamp_(min=SMALLEST_GAP)  # a logit of -inf is a weight of 0
    weights = torch.exp(gaps, out=work[1])
    weights.scatter_(-1, first_choice, 0.0)
    others = weights.sum(-1).double()
    mean_gap = weights.mul_(gaps).sum(-1).double() / (1 + others)
    mean_square = weights.mul_(gaps).sum(-1).double() / (1 + others)
    deviation = (mean_square - mean_gap.square()).clamp_(min=0.0).sqrt()
    above_mean = gap - mean_gap
    log_total = others.log1p()
    return ScoredTokens(
        log_likelihood=gap - log_total,
        # Where all the others weigh nothing, the certain token is as likely as expected.
        standardized=torch.where(above_mean == 0, 0.0, above_mean / deviation),
        entropy=log_total - mean_gap,
        first_choice=first_choice.squeeze(-1),
    )


def _first_of_the_largest(logits: Tensor) -> Tensor:
    """The place of each row's largest number, of equal ones the first; NaN is larger than any."""
    if logits.device.type == "cpu":
        return torch.from_numpy(logits.numpy().argmax(-1))  # as torch finds it, in a fifth of the time
    return logits.argmax(-1)
