"""Likelihood of a sequence under a language model: loss, perplexities, entropy of the predictions."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from filters.contract import Column, Filter, Sequences
from filters.language_model.row_statistics import row_means
from filters.nullable import null_where_unknown


def measure(sequences: Sequences) -> tuple[pa.Array, ...]:
    """Return the five columns of `FILTER`; null without a scored token, or without whole prompt and continuation."""
    predictions, extraction = sequences.predictions, sequences.extraction
    assert predictions is not None
    assert extraction is not None
    loss = -row_means(predictions.log_likelihood, predictions.offsets)

    def perplexity(log_likelihood: NDArray[np.float64]) -> pa.Array:
        found = np.full(len(loss), np.nan)
        if log_likelihood.shape[1]:
            found[extraction.rows] = np.exp(-log_likelihood.mean(axis=1))
        return null_where_unknown(found)

    return (
        null_where_unknown(loss),
        perplexity(extraction.prompt),
        perplexity(extraction.continuation),
        null_where_unknown(np.exp(loss)),
        null_where_unknown(row_means(predictions.entropy, predictions.offsets)),
    )


FILTER = Filter(
    name="likelihood",
    meaning="How surprising the sequence is to the language model.",
    columns=(
        Column("loss", pa.float64(), "mean negative log-likelihood of all tokens except the first, in nats per token"),
        Column("prompt_perplexity", pa.float64(), "perplexity of the prompt's tokens except the first (31 of 32)"),
        Column("generation_perplexity", pa.float64(), "perplexity of the continuation given only the prompt"),
        Column("sequence_perplexity", pa.float64(), "perplexity of all tokens except the first (63 of 64)"),
        Column("prediction_entropy", pa.float64(), "mean entropy of the model's predictions, in nats per token"),
    ),
    reads=("predictions", "extraction"),
    measure=measure,
    group="model",
)
