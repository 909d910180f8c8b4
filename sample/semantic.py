"""Semantic duplicates as the script knows them: fillings of one template, and copies."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numba
import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from sample.corpus import Corpus
from sample.rows import CONTINUATION_START, Row
from sample.texts.document import Document

SEMANTIC_COLUMNS = ("0_8_snowclones", "0_9_snowclones", "0_8_templates", "0_9_templates")
_EDIT_DISTANCE_BELOW = 20
_SHARE_OF_EQUAL_FILLS = 0.5


@numba.njit(cache=True)
def edit_distance(a: NDArray[np.int32], b: NDArray[np.int32]) -> int:
    """The Levenshtein distance of two arrays of code points."""
    previous = np.arange(len(b) + 1)
    for i in range(len(a)):
        current = np.empty_like(previous)
        current[0] = i + 1
        for j in range(len(b)):
            substituted = previous[j] + (a[i] != b[j])
            current[j + 1] = min(substituted, previous[j + 1] + 1, current[j] + 1)
        previous = current
    return int(previous[-1])


def _code_points(text: str) -> NDArray[np.int32]:
    return np.array([ord(character) for character in text], np.int32)


def _rows_of_templates(documents: Sequence[Document]) -> dict[str, list[int]]:
    groups: dict[str, list[int]] = {}
    for index, document in enumerate(documents):
        if document.template_id:
            groups.setdefault(document.template_id, []).append(index)
    return groups


def _share_of_equal_fills(a: Document, b: Document) -> float:
    pairs = list(zip(a.template_fills, b.template_fills, strict=True))
    return sum(left == right for left, right in pairs) / len(pairs)


def semantic_duplicates(
    corpus: Corpus, rows: Sequence[Row], documents: Sequence[Document], tokenizer: Tokenizer
) -> NDArray[np.int64]:
    """Shape (sequences, 4), as `SEMANTIC_COLUMNS`: how many other sequences of the corpus are semantic duplicates.

    Copies, and fillings of the same template, stand for a cosine similarity of at least 0.8; copies, and fillings of
    which at least half of the places are equal, for at least 0.9. Of these, templates are the ones whose prompts,
    decoded, are at a Levenshtein distance above 0 and under 20.
    """
    copies = np.bincount(corpus.rows, minlength=len(rows))
    found = np.zeros((len(rows), 4), np.int64)
    found[:, :2] = (copies - 1)[:, None]
    prompts = {
        index: _code_points(tokenizer.decode(rows[index].tokens[:CONTINUATION_START].tolist()))
        for indices in _rows_of_templates(documents).values()
        for index in indices
    }
    for indices in _rows_of_templates(documents).values():
        for a, b in combinations(indices, 2):
            closer = _share_of_equal_fills(documents[a], documents[b]) >= _SHARE_OF_EQUAL_FILLS
            similar = 0 < edit_distance(prompts[a], prompts[b]) < _EDIT_DISTANCE_BELOW
            pair = np.array([1, closer, similar, closer and similar], np.int64)
            found[a] += pair * copies[b]
            found[b] += pair * copies[a]
    return found[corpus.rows]
