"""Membership inference scores: whether a language model has likely been trained on a sequence."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from filters.compressibility.filter import ZLIB_LEVEL, zlib_sizes
from filters.contract import Column, Filter, Sequences
from filters.language_model.row_statistics import means_of_lowest, row_means
from filters.nullable import null_where_unknown


def measure_min_k(sequences: Sequences) -> tuple[pa.Array, ...]:
    """Return the two columns of `MIN_K`; null without a scored token."""
    predictions = sequences.predictions
    assert predictions is not None
    return tuple(
        null_where_unknown(means_of_lowest(values, predictions.offsets, sequences.min_k_percent))
        for values in (predictions.log_likelihood, predictions.standardized)
    )


def measure_zlib(sequences: Sequences) -> tuple[pa.Array, ...]:
    """Return the column of `ZLIB_LIKELIHOOD`; null without a scored token."""
    predictions, text = sequences.predictions, sequences.text
    assert predictions is not None
    assert text is not None
    total = -row_means(predictions.log_likelihood, predictions.offsets) * np.diff(predictions.offsets)
    return (null_where_unknown(total / zlib_sizes(text)),)


MIN_K = Filter(
    name="min_k",
    meaning="Log-likelihood of the sequence's least likely tokens under the language model.",
    columns=(
        Column(
            "min_k",
            pa.float64(),
            "Min-K%: mean log-likelihood of the k% (20, rounded down) least likely of the scored tokens "
            "(Shi et al. 2024, arXiv:2310.16789)",
        ),
        Column(
            "min_k_plus_plus",
            pa.float64(),
            "Min-K%++: the same with each log-likelihood standardized by its mean and standard deviation under the "
            "model's prediction (Zhang et al. 2024, arXiv:2404.02936)",
        ),
    ),
    reads=("predictions", "min_k_percent"),
    measure=measure_min_k,
    group="model",
)

ZLIB_LIKELIHOOD = Filter(
    name="zlib_likelihood",
    meaning="How surprising the sequence is to the language model, relative to zlib.",
    columns=(
        Column(
            "zlib_likelihood_ratio",
            pa.float64(),
            "total negative log-likelihood of the scored tokens, in nats, divided by the bytes of the UTF-8 text "
            f"after zlib-ng at level {ZLIB_LEVEL} (after Carlini et al. 2021, arXiv:2012.07805)",
        ),
    ),
    reads=("predictions", "text"),
    measure=measure_zlib,
    group="model",
)
