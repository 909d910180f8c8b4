"""Prompt and continuation as text: what a language model is given, and what it should give back."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from filters.continuation import cut_ends
from filters.contract import Column, Filter, Sequences
from filters.detokenization import decode_ids
from filters.nullable import spread


def measure(sequences: Sequences) -> tuple[pa.Array, ...]:
    """Return the two columns of `FILTER`; null if the sequence is shorter than prompt and continuation."""
    tokens, vocabulary = sequences.tokens, sequences.vocabulary
    prompt, continuation = sequences.prompt_tokens, sequences.continuation_tokens
    assert tokens is not None
    assert vocabulary is not None
    assert prompt is not None
    assert continuation is not None
    rows, ends = cut_ends(tokens, prompt + continuation)
    is_long_enough = np.zeros(len(tokens.offsets) - 1, np.bool_)
    is_long_enough[rows] = True
    return tuple(spread(decode_ids(ids, vocabulary), is_long_enough) for ids in np.split(ends, [prompt], axis=1))


FILTER = Filter(
    name="prompt_and_continuation",
    meaning="The prompt and the continuation as text.",
    columns=(
        Column("prompt", pa.string(), "the tokens before the continuation, decoded: what a language model is given"),
        Column(
            "continuation", pa.string(), "the last tokens of the sequence, decoded: what the model should give back"
        ),
    ),
    reads=("tokens", "vocabulary", "prompt_tokens", "continuation_tokens"),
    measure=measure,
    group=None,
)
