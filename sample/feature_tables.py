"""The feature tables of the sample, in the layout of the published ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sample.corpus import Corpus
from sample.memorization import Perplexities
from sample.semantic import SEMANTIC_COLUMNS
from sample.tokenizer import VOCABULARY_SIZE

Ids = NDArray[np.int64]


def duplicate_table(corpus: Corpus) -> pa.Table:
    """`index`, `counts`: how often the continuation of each sequence occurs in the corpus, itself counted."""
    return pa.table({"index": corpus.sequence_ids, "counts": corpus.duplicates})


def frequency_tables(corpus: Corpus, is_memorized: NDArray[np.bool_]) -> dict[str, pa.Table]:
    """`TokenID`, `Frequency` of every token of the vocabulary, over the memorized sequences and over the rest."""

    def frequencies(tokens: NDArray[np.int32]) -> pa.Table:
        counts = np.bincount(tokens.ravel(), minlength=VOCABULARY_SIZE).astype(np.int64)
        return pa.table({"TokenID": np.arange(VOCABULARY_SIZE, dtype=np.int64), "Frequency": counts})

    return {
        "memorized": frequencies(corpus.tokens[is_memorized]),
        "non_memorized": frequencies(corpus.tokens[~is_memorized]),
    }


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


def perplexity_table(corpus: Corpus, values: Perplexities, sequence_ids: Sequence[Ids]) -> pa.Table:
    """`sequence_id` and four perplexity columns for all sequences that occur in one of the arrays of ids."""
    ids = np.unique(np.concatenate(sequence_ids))
    positions = np.searchsorted(corpus.sequence_ids, ids)
    return pa.table(
        {
            "sequence_id": ids,
            "loss": values.loss[positions],
            "prompt_perplexity": values.prompt[positions],
            "generation_perplexity": values.generation[positions],
            "sequence_perplexity": values.sequence[positions],
        }
    )
