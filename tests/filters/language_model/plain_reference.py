"""The plainest evaluation of a model: one sequence at a time, position by position, in float64."""

from __future__ import annotations

import math
from copy import deepcopy
from typing import NamedTuple

import torch
from transformers import GPTNeoXConfig, GPTNeoXForCausalLM, PreTrainedModel

VOCABULARY_SIZE = 300


class PlainScore(NamedTuple):
    """The scores of one token; fields as in `ScoredTokens`."""

    log_likelihood: float
    standardized: float
    entropy: float
    first_choice: int


def small_model(seed: int = 0) -> PreTrainedModel:
    """Return a GPT-NeoX with random weights, large enough that its predictions are far from uniform."""
    torch.manual_seed(seed)
    config = GPTNeoXConfig(
        vocab_size=VOCABULARY_SIZE,
        hidden_size=48,
        num_hidden_layers=3,
        num_attention_heads=4,
        intermediate_size=96,
        max_position_embeddings=128,
    )
    model = GPTNeoXForCausalLM(config).eval()
    for weights in model.parameters():
        weights.data *= 4
    return model


def in_float64(model: PreTrainedModel) -> PreTrainedModel:
    """Return a copy of the model in float64."""
    return deepcopy(model).double()


def score_plainly(logits: list[float], target: int) -> PlainScore:
    """Score a token by the logits that predict it."""
    top = max(logits)
    first_choice = logits.index(top)
    others = math.fsum(math.exp(logit - top) for number, logit in enumerate(logits) if number != first_choice)
    log_likelihoods = [logit - top - math.log1p(others) for logit in logits]
    terms = [(math.exp(each), each) for each in log_likelihoods if each > -math.inf]
    mean = math.fsum(share * each for share, each in terms)
    variance = math.fsum(share * (each - mean) ** 2 for share, each in terms)
    above = log_likelihoods[target] - mean
    return PlainScore(log_likelihoods[target], above / math.sqrt(variance) if variance else 0.0, -mean, first_choice)


def score_sequence_plainly(model: PreTrainedModel, tokens: list[int]) -> list[PlainScore]:
    """Return the score of each token except the first, each from a forward pass over its prefix."""
    scores = []
    for position in range(1, len(tokens)):
        with torch.no_grad():
            logits = model(torch.tensor([tokens[:position]])).logits[0, -1]
        scores.append(score_plainly(logits.tolist(), tokens[position]))
    return scores
