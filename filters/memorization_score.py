"""The share of the continuation that a model reproduces, as the source of the sequences gives it."""

from __future__ import annotations

import pyarrow as pa

from filters.contract import Column, Filter

FILTER = Filter(
    name="memorization_score",
    meaning="How much of the continuation the model gives back when it is prompted with the beginning.",
    columns=(
        Column(
            "memorization_score",
            pa.float64(),
            "share of the 32 continuation tokens that greedy decoding from the 32-token prompt gives back; "
            "1.0 = memorized",
        ),
    ),
)
