"""The sample's feature table of perplexities."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from filters.feature_tables import PERPLEXITIES

Ids = NDArray[np.int64]
PERPLEXITY_COLUMNS = tuple(column.name for column in PERPLEXITIES.columns)


def perplexity_table(evaluation: pa.Table, sequence_ids: Sequence[Ids]) -> pa.Table:
    """Return `sequence_id` and the perplexity columns of all sequences whose id is in one of the arrays."""
    ids = pa.array(np.unique(np.concatenate(sequence_ids)))
    return evaluation.select(["sequence_id", *PERPLEXITY_COLUMNS]).filter(pc.is_in(evaluation["sequence_id"], ids))
