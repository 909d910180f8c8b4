"""How the language model's attention is spread: evenly over what stands before each token, or on a few places."""

from __future__ import annotations

import pyarrow as pa

from filters.contract import Column, Filter, Sequences


def measure(sequences: Sequences) -> tuple[pa.Array, ...]:
    """The two columns of `FILTER`."""
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
            "of each layer: entropy of a head's weights over a token and those before it, in nats, averaged over the "
            "layer's heads and the sequence's tokens",
        ),
        Column(
            "attention_gini",
            pa.list_(pa.float64()),
            "of each layer: Gini coefficient of the same weights (0: spread evenly; towards 1: all on one place), "
            "averaged likewise",
        ),
    ),
    reads=("attention",),
    measure=measure,
    group=None,
)
