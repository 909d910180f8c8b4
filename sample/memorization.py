"""What models of two sizes would memorize of each scheme, as the script has it: invented, until models are trained."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sample.corpus import Corpus
from sample.recipe import SEED
from sample.texts.document import Document

CONTINUATION_TOKENS = 32
SCORED_PROMPT_TOKENS = 31
_THRESHOLD = 2.0
_EASE_OF_A_DOUBLING = 0.4
_EASE_OF_SIZE = {"70m": 0.0, "160m": 0.6}
_EASE_OF_CATEGORY = {
    "repeating": 2.2,
    "incrementing": 2.0,
    "template": -0.6,
    "boilerplate": -1.0,
    "structured": -0.6,
    "code": -0.4,
    "table": -1.2,
    "prose": -0.9,
    "secret": -1.0,
    "personal": -0.8,
}


class Perplexities(NamedTuple):
    """For each sequence, exp of the mean negative log-likelihood over the 31, 32 and 63 scored tokens, and its log."""

    loss: NDArray[np.float64]
    prompt: NDArray[np.float64]
    generation: NDArray[np.float64]
    sequence: NDArray[np.float64]


def _noise(name: str, number: int) -> NDArray[np.float64]:
    rng = Random(f"{SEED}/{name}")
    return np.array([rng.gauss(0.0, 1.0) for _ in range(number)])


def memorization_scores(corpus: Corpus, documents: Sequence[Document], model: str) -> NDArray[np.float64]:
    """The share of the 32 continuation tokens that the model gives back, for each sequence: a multiple of 1/32.

    It grows with the logarithm of the duplicates and with the model's size, and is higher for what can be predicted.
    Equal rows have equal scores. `documents` are the documents of all different rows.
    """
    ease = np.array([_EASE_OF_CATEGORY[document.category] for document in documents])
    ease += 1.2 * _noise("ease", len(ease)) + 0.25 * _noise(f"ease/{model}", len(ease)) + _EASE_OF_SIZE[model]
    total = ease[corpus.rows] + _EASE_OF_A_DOUBLING * np.log2(np.minimum(corpus.duplicates, 256))
    partial = np.minimum(np.floor(CONTINUATION_TOKENS / (1 + np.exp(1.6 * (1.0 - total)))), CONTINUATION_TOKENS - 1)
    scores: NDArray[np.float64] = np.where(total >= _THRESHOLD, 1.0, partial / CONTINUATION_TOKENS)
    return scores


def perplexities(
    corpus: Corpus, documents: Sequence[Document], model: str, scores: NDArray[np.float64]
) -> Perplexities:
    """Perplexities that fit the scores: a memorized continuation is likely, and a bigger model less perplexed."""
    drawn = np.abs(_noise("likelihood", len(documents)))[corpus.rows]
    easy_prompt = np.array([document.category in ("repeating", "incrementing") for document in documents])
    scale = 0.92 if model == "160m" else 1.0
    generation = scale * np.where(scores == 1.0, 0.02 + 0.09 * drawn, 0.35 + (1 - scores) * (1.6 + 0.7 * drawn))
    prompt = scale * np.where(easy_prompt[corpus.rows], 0.5, 1.7) * (1.0 + 0.35 * drawn)
    loss = (SCORED_PROMPT_TOKENS * prompt + CONTINUATION_TOKENS * generation) / (
        SCORED_PROMPT_TOKENS + CONTINUATION_TOKENS
    )
    return Perplexities(loss, np.exp(prompt), np.exp(generation), np.exp(loss))
