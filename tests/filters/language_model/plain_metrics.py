"""Every metric of a language model by its definition: one sequence at a time, with loops, in float64."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import torch
from transformers import PreTrainedModel
from zlib_ng import zlib_ng

from tests.filters.language_model.plain_reference import PlainScore, score_sequence_plainly


def measure_plainly(
    model: PreTrainedModel, tokens: list[int], text: bytes, prompt: int, continuation: int, percent: float
) -> dict[str, Any]:
    """Return the columns of the model filters except attention. model: in float64."""
    scores = score_sequence_plainly(model, tokens)
    log_likelihoods = [score.log_likelihood for score in scores]
    found: dict[str, Any] = {
        "loss": minus_mean(log_likelihoods),
        "sequence_perplexity": perplexity(log_likelihoods),
        "prediction_entropy": minus_mean([-score.entropy for score in scores]),
        "min_k": mean_of_lowest(log_likelihoods, percent),
        "min_k_plus_plus": mean_of_lowest([score.standardized for score in scores], percent),
        "zlib_likelihood_ratio": -math.fsum(log_likelihoods) / len(zlib_ng.compress(text, 6)) if scores else None,
    }
    return found | measure_end_plainly(model, tokens, prompt, continuation)


def measure_end_plainly(model: PreTrainedModel, tokens: list[int], prompt: int, continuation: int) -> dict[str, Any]:
    """Return the columns on prompt and continuation; None if the sequence is shorter than both together."""
    names = (
        "prompt_perplexity",
        "generation_perplexity",
        "first_choice_share",
        "is_extractable",
        "memorization_score",
        "generation",
    )
    if len(tokens) < prompt + continuation:
        return dict.fromkeys(names)
    end = tokens[-prompt - continuation :]
    scores: list[PlainScore] = score_sequence_plainly(model, end)
    of_prompt, of_continuation = scores[: prompt - 1], scores[prompt - 1 :]
    chosen = [score.first_choice == token for score, token in zip(of_continuation, end[prompt:], strict=True)]
    decoded = decode_plainly(model, end[:prompt], continuation)
    given_back = [one == other for one, other in zip(decoded, end[prompt:], strict=True)]
    values = (
        perplexity([score.log_likelihood for score in of_prompt]),
        perplexity([score.log_likelihood for score in of_continuation]),
        sum(chosen) / continuation,
        all(given_back),
        sum(given_back) / continuation,
        decoded,
    )
    return dict(zip(names, values, strict=True))


def decode_plainly(model: PreTrainedModel, prompt: list[int], length: int) -> list[int]:
    """Return the tokens that the library's greedy decoding puts after a prompt."""
    inputs = torch.tensor([prompt])
    options = {"do_sample": False, "max_new_tokens": length, "eos_token_id": None, "pad_token_id": 0}
    generated: list[int] = model.generate(inputs, attention_mask=torch.ones_like(inputs), **options)[0].tolist()
    return generated[len(prompt) :]


def minus_mean(values: list[float]) -> float | None:
    return -math.fsum(values) / len(values) if values else None


def perplexity(log_likelihoods: list[float]) -> float | None:
    return math.exp(-math.fsum(log_likelihoods) / len(log_likelihoods)) if log_likelihoods else None


def mean_of_lowest(values: list[float], percent: float) -> float | None:
    lowest = sorted(values)[: max(1, int(len(values) * Decimal(str(percent)) / 100))]
    return math.fsum(lowest) / len(lowest) if lowest else None
