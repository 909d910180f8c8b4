"""The feature tables of the sample, in the layout of the published ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sample.corpus import Corpus
from sample.semantic import SEMANTIC_COLUMNS

Ids = NDArray[np.int64]
PERPLEXITY_COLUMNS = ("loss", "prompt_perplexity", "generation_perplexity", "sequence_perplexity")


def semantic_tables(corpus: Corpus, found: NDArray[np.int64], sequence_ids: Mapping[str, Ids]) -> dict[str, pa.Table]:
    """The splits `{name}_snowclones` and `{name}_templates` for the sequences of each name."""
    tables = {}
    for name, ids in sequence_ids.items():
        positions = np.searchsorted(corpus.sequence_ids, ids)
        for kind in ("snowclones", "templates"):
            columns = {
                column: found[positions, place] for place, column in enumerate(SEMANTIC_COLUMNS) if kind in column
            }
            tables[f"{name}_{kind}"] = pa.table({"sequence_id": ids, **columns})
    return tables


def perplexity_table(asked: pa.Table, sequence_ids: Sequence[Ids]) -> pa.Table:
    """`sequence_id` and four perplexity columns for all sequences that occur in one of the arrays of ids."""
    ids = pa.array(np.unique(np.concatenate(sequence_ids)))
    return asked.select(["sequence_id", *PERPLEXITY_COLUMNS]).filter(pc.is_in(asked["sequence_id"], ids))
