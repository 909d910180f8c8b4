"""The training corpora of both schemes: the number of copies of each row, and the order of the rows."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sample.recipe import SEED
from sample.rows import CONTINUATION_START, ROW_TOKENS, Row
from sample.texts.document import Document

_MOST_COPIES = 32
_SHARE_REPEATED = 0.07
_MOST_COPIES_OF_BOILERPLATE = 120


class Corpus(NamedTuple):
    """The rows of one scheme in training order.

    sequence_ids: int64, increasing; positions in the training order of the duped scheme, for both schemes.
    rows: int64, for each sequence the number of its row among all different rows.
    tokens: int32, shape (sequences, 64).
    duplicates: int64, for each sequence the number of places in this corpus at which its 32-token continuation occurs:
        at any offset of any row, not across the ends of rows, its own place included.
    """

    sequence_ids: NDArray[np.int64]
    rows: NDArray[np.int64]
    tokens: NDArray[np.int32]
    duplicates: NDArray[np.int64]


def count_continuations(tokens: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return how often the last 32 tokens of each row occur in all rows, at any offset, not across ends of rows."""
    width = (ROW_TOKENS - CONTINUATION_START) * tokens.itemsize
    rows = [row.tobytes() for row in np.ascontiguousarray(tokens)]
    counts = dict.fromkeys((row[-width:] for row in rows), 0)
    for row in rows:
        for start in range(0, len(row) - width + 1, tokens.itemsize):
            window = row[start : start + width]
            if window in counts:
                counts[window] += 1
    return np.array([counts[row[-width:]] for row in rows], np.int64)


def choose_copies(documents: Sequence[Document]) -> list[int]:
    """Return the copies of each document's row in the duped corpus: many of boilerplate, several of some others."""
    rng = Random(f"{SEED}/copies")
    copies = []
    for document in documents:
        repeated, drawn = rng.random() < _SHARE_REPEATED, 1 - rng.random()
        if document.category == "boilerplate":
            copies.append(min(_MOST_COPIES_OF_BOILERPLATE, int(6 / drawn)))
        else:
            copies.append(min(_MOST_COPIES, int(2 / drawn)) if repeated else 1)
    return copies


def _corpus(sequence_ids: NDArray[np.int64], rows: NDArray[np.int64], row_tokens: NDArray[np.int32]) -> Corpus:
    tokens = row_tokens[rows]
    return Corpus(sequence_ids, rows, tokens, count_continuations(tokens))


def make_corpora(rows: Sequence[Row], copies: Sequence[int]) -> dict[str, Corpus]:
    """Return the corpora `duped`, shuffled, and `deduped`, which keeps only the first of equal rows."""
    order = [index for index, count in enumerate(copies) for _ in range(count)]
    Random(f"{SEED}/order").shuffle(order)
    duped_rows = np.array(order, np.int64)
    first_ids = np.sort(np.unique(duped_rows, return_index=True)[1]).astype(np.int64)
    row_tokens = np.stack([row.tokens for row in rows])
    return {
        "duped": _corpus(np.arange(len(order), dtype=np.int64), duped_rows, row_tokens),
        "deduped": _corpus(first_ids, duped_rows[first_ids], row_tokens),
    }
