"""What a language model says of sequences, in arrays: what `filters.language_model.asking` gives, and filters read."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Predictions(NamedTuple):
    """What a model says of each token of some sequences but their first, given those before it.

    offsets: int64, shape (rows + 1,): what is said of row i is at `offsets[i]:offsets[i + 1]` of the others.
    log_likelihood, standardized, entropy: float64; see `filters.language_model.scoring.ScoredTokens`.
    first_choice: int64 token ids.
    """

    offsets: NDArray[np.int64]
    log_likelihood: NDArray[np.float64]
    standardized: NDArray[np.float64]
    entropy: NDArray[np.float64]
    first_choice: NDArray[np.int64]


class Extraction(NamedTuple):
    """What a model says of the end of each sequence: a prompt, and the continuation that follows it to the last token.

    The model sees nothing of what stands before the prompt. Sequences that are shorter than both are left out.

    rows: int64, the positions of the others among all sequences.
    prompt: float64, log-likelihood of the prompt's tokens but its first, in nats; shape (rows, prompt tokens - 1).
    continuation: float64, of the continuation's tokens; shape (rows, continuation tokens).
    is_first_choice: bool, whether the model finds no token likelier than that of the continuation; the same shape.
    """

    rows: NDArray[np.int64]
    prompt: NDArray[np.float64]
    continuation: NDArray[np.float64]
    is_first_choice: NDArray[np.bool_]


class AttentionSpread(NamedTuple):
    """Means over a layer's heads and a sequence's tokens; float64, shape (rows, layers).

    entropy: of the weights over the token itself and those before it, in nats.
    gini: their Gini coefficient, 0 where all are equal, towards 1 where one place has all the weight.
    """

    entropy: NDArray[np.float64]
    gini: NDArray[np.float64]


class Answers(NamedTuple):
    """All that a model was asked of some sequences; None for what it was not."""

    predictions: Predictions | None = None
    extraction: Extraction | None = None
    decoded_share: NDArray[np.float64] | None = None
    attention: AttentionSpread | None = None
