"""How the language model spreads its attention: evenly over the preceding tokens, or on a few of them."""

from __future__ import annotations

import pyarrow as pa

from filters.contract import Column, Filter, Sequences


def measure(sequences: Sequences) -> tuple[pa.Array, ...]:
    """Return the two columns of `FILTER`."""
    spread = sequences.attention
    assert spread is not None
    return tuple(pa.array(list(values), pa.list_(pa.float64())) for values in spread)


FILTER = Filter(
    name="attention",
    meaning="How each layer of the language model spreads its attention.",
    columns=(
        Column(
            "attention_entropy",
            pa.list_(pa.float64()),
            "entropy per layer of the attention weights over a token and the tokens before it, in nats, averaged over "
            "heads and tokens",
        ),
        Column(
            "attention_gini",
            pa.list_(pa.float64()),
            "Gini coefficient per layer of the same weights (0: spread evenly; near 1: all on one token), averaged "
            "over heads and tokens",
        ),
    ),
    reads=("attention",),
    measure=measure,
    group=None,
)
