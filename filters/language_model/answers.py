"""Arrays of a language model's outputs: made by `filters.language_model.asking`, read by filters."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Predictions(NamedTuple):
    """Predictions for every token except the first of each sequence, given the tokens before it.

    offsets: int64, shape (rows + 1,): the values of row i are at `offsets[i]:offsets[i + 1]` of the other arrays.
    log_likelihood, standardized, entropy: float64; see `filters.language_model.scoring.ScoredTokens`.
    first_choice: int64 token ids.
    """

    offsets: NDArray[np.int64]
    log_likelihood: NDArray[np.float64]
    standardized: NDArray[np.float64]
    entropy: NDArray[np.float64]
    first_choice: NDArray[np.int64]


class Extraction(NamedTuple):
    """Scores of prompt and continuation: the last tokens of each sequence, without the tokens before the prompt.

    Sequences shorter than prompt and continuation are left out.

    rows: int64, positions of the scored sequences among all sequences.
    prompt: float64, log-likelihood of the prompt's tokens except the first, in nats; shape (rows, prompt tokens - 1).
    continuation: float64, log-likelihood of the continuation's tokens; shape (rows, continuation tokens).
    is_first_choice: bool, whether the continuation's token is the model's top choice; same shape.
    """

    rows: NDArray[np.int64]
    prompt: NDArray[np.float64]
    continuation: NDArray[np.float64]
    is_first_choice: NDArray[np.bool_]


class Generation(NamedTuple):
    """What the model gives back: greedy decoding from each prompt, without the tokens before it.

    Sequences shorter than prompt and continuation are left out.

    rows: int64, positions of the prompted sequences among all sequences.
    tokens: int32 token ids, shape (rows, continuation tokens).
    is_reproduced: bool, whether the continuation has the same token at this position; same shape.
    """

    rows: NDArray[np.int64]
    tokens: NDArray[np.int32]
    is_reproduced: NDArray[np.bool_]


class AttentionSpread(NamedTuple):
    """Attention statistics, averaged over a layer's heads and a sequence's tokens; float64, shape (rows, layers).

    entropy: of the weights over the token itself and the tokens before it, in nats.
    gini: Gini coefficient of the weights: 0 if all are equal, near 1 if one token has all the weight.
    """

    entropy: NDArray[np.float64]
    gini: NDArray[np.float64]


class Answers(NamedTuple):
    """All outputs of a model for some sequences; None for outputs that were not requested."""

    predictions: Predictions | None = None
    extraction: Extraction | None = None
    generation: Generation | None = None
    attention: AttentionSpread | None = None
