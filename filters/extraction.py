"""How much of the continuation a language model reproduces from the prompt.

A sequence is extractable with k tokens of context (Carlini et al. 2023, arXiv:2202.07646) if and only if every token of
its continuation is the model's top choice given the true prefix. One forward pass decides this, without decoding.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from filters.contract import Column, Filter, RaggedArray, Sequences
from filters.detokenization import decode_ids
from filters.nullable import null_where_unknown, spread
from filters.ragged import lists_from_ragged


def measure_first_choices(sequences: Sequences) -> tuple[pa.Array, ...]:
    """Return the two columns of `FIRST_CHOICES`; null if the sequence is shorter than prompt and continuation."""
    extraction, tokens = sequences.extraction, sequences.tokens
    assert extraction is not None
    assert tokens is not None
    shares = np.full(len(tokens.offsets) - 1, np.nan)
    shares[extraction.rows] = extraction.is_first_choice.mean(axis=1)
    return null_where_unknown(shares), pa.array(shares == 1, mask=np.isnan(shares))


def measure_decoding(sequences: Sequences) -> tuple[pa.Array, ...]:
    """Return the three columns of `GREEDY_DECODING`; null if the sequence is shorter than prompt and continuation.

    The text is null without a vocabulary too.
    """
    generation, tokens, vocabulary = sequences.generation, sequences.tokens, sequences.vocabulary
    assert generation is not None
    assert tokens is not None
    rows, length = generation.tokens.shape
    is_long_enough = np.zeros(len(tokens.offsets) - 1, np.bool_)
    is_long_enough[generation.rows] = True
    columns = (
        pa.array(generation.is_reproduced.mean(axis=1)),
        lists_from_ragged(RaggedArray(generation.tokens.ravel(), np.arange(rows + 1) * length)),
        pa.nulls(rows, pa.string()) if vocabulary is None else decode_ids(generation.tokens, vocabulary),
    )
    return tuple(spread(column, is_long_enough) for column in columns)


FIRST_CHOICES = Filter(
    name="first_choices",
    meaning="How many tokens of the continuation are the language model's top choice given the true prefix.",
    columns=(
        Column(
            "first_choice_share",
            pa.float64(),
            "share of the continuation's tokens that are the model's top choice given the true prefix",
        ),
        Column(
            "is_extractable",
            pa.bool_(),
            "whether `first_choice_share` is 1: greedy decoding from the prompt reproduces the whole continuation, "
            "so `memorization_score` is 1",
        ),
    ),
    reads=("tokens", "extraction"),
    measure=measure_first_choices,
    group="model",
)

GREEDY_DECODING = Filter(
    name="greedy_decoding",
    meaning="How much of the continuation the language model reproduces from the prompt by greedy decoding.",
    columns=(
        Column(
            "memorization_score",
            pa.float64(),
            "share of the continuation's tokens that greedy decoding from the prompt reproduces at the same position; "
            "1.0 = memorized",
        ),
        Column(
            "generation",
            pa.list_(pa.int32()),
            "what the model gives back: the token ids that greedy decoding puts after the prompt, as many as the "
            "continuation has, also after an end-of-text token",
        ),
        Column("generation_text", pa.string(), "`generation` decoded"),
    ),
    reads=("tokens", "generation"),
    measure=measure_decoding,
    group="model",
)
