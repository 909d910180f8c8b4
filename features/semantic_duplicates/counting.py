"""Count the semantic duplicates of each query in a corpus, from the similar pairs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.semantic_duplicates.edit_distance import edit_distances
from features.semantic_duplicates.similarity import Embeddings, Pairs

COLUMNS = ("0_8_snowclones", "0_9_snowclones", "0_8_templates", "0_9_templates")
# The cosine similarities of a snowclone, and the upper bound of the edit distance between prompts of a template, as the
# published semantic-filters tables define them.
SIMILAR, VERY_SIMILAR = 0.8, 0.9
EDIT_DISTANCE_BELOW = 20
PROMPT_TOKENS = 32
PAIRS_AT_ONCE = 65_536  # pairs whose prompts are compared together


class Contents(NamedTuple):
    """Distinct contents of sequences, one per row.

    embeddings: float32, shape (rows, dimensions). prompts: str, shape (rows,): the first 32 tokens, decoded.
    """

    embeddings: Embeddings
    prompts: NDArray[np.object_]


def count_duplicates(
    queries: Contents,
    corpus: Contents,
    copies: NDArray[np.int64],
    own: NDArray[np.int64],
    pairs: Iterable[Pairs],
    pairs_at_once: int = PAIRS_AT_ONCE,
) -> NDArray[np.int64]:
    """Return the counts of `COLUMNS`, shape (queries, 4): similar sequences, and those of them with a similar prompt.

    copies: number of corpus sequences with the content of each row, shape (rows,).
    own: the row that holds the query itself, which is not counted, or -1; shape (queries,).
    pairs: all pairs with a similarity of at least `SIMILAR`.
    """
    counts = np.zeros((len(queries.prompts), len(COLUMNS)), np.int64)
    for block in pairs:
        for start in range(0, len(block.queries), pairs_at_once):
            of, to, similarities = (each[start : start + pairs_at_once] for each in block)
            weights = copies[to] - (own[of] == to)
            distances = edit_distances(queries.prompts[of], corpus.prompts[to], EDIT_DISTANCE_BELOW)
            is_close = (distances > 0) & (distances < EDIT_DISTANCE_BELOW)
            is_very_similar = similarities >= VERY_SIMILAR
            columns = (np.ones(len(of), np.bool_), is_very_similar, is_close, is_very_similar & is_close)
            for column, is_counted in enumerate(columns):
                np.add.at(counts[:, column], of[is_counted], weights[is_counted])
    return counts
