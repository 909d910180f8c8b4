"""The feature table of perplexities of the sample."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Ids = NDArray[np.int64]
PERPLEXITY_COLUMNS = ("loss", "prompt_perplexity", "generation_perplexity", "sequence_perplexity")


def perplexity_table(asked: pa.Table, sequence_ids: Sequence[Ids]) -> pa.Table:
    """`sequence_id` and four perplexity columns for all sequences that occur in one of the arrays of ids."""
    ids = pa.array(np.unique(np.concatenate(sequence_ids)))
    return asked.select(["sequence_id", *PERPLEXITY_COLUMNS]).filter(pc.is_in(asked["sequence_id"], ids))
