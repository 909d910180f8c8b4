"""Sequences with planted near duplicates of known similarity, and their true pairs by brute force."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from filters.contract import RaggedArray
from filters.ragged import lists_from_ragged

SIMILARITIES = (1.0, 0.95, 0.9, 0.85, 0.82, 0.78, 0.7, 0.6)  # of a copy to its original, in equal parts
COPIED = 0.3  # of the sequences
MOST_COPIES = 5  # of one original
VOCABULARY = 50_000
NGRAM_TOKENS = 5


def planted_sequences(rows: int, length: int, seed: int = 0) -> NDArray[np.int32]:
    """Return sequences of one length in random order: int32, shape (rows, length).

    Tokens follow Zipf's law with exponent 1. A copy gets new last k tokens. These change k of its w = length - 4
    5-grams, so its similarity to the original is (w - k) / (w + k).
    """
    generator = np.random.default_rng(seed)
    shares = 1.0 / np.arange(1, VOCABULARY + 1)
    cumulative = np.cumsum(shares / shares.sum())
    tokens = np.searchsorted(cumulative, generator.random((rows, length))).clip(0, VOCABULARY - 1)
    copies = int(rows * COPIED)
    # Copies are the last rows. Their originals are the first rows, with one to MOST_COPIES copies each.
    originals = np.repeat(np.arange(copies), generator.integers(1, MOST_COPIES + 1, copies))[:copies]
    changed = tokens[-copies:].copy()
    similarity = generator.choice(SIMILARITIES, copies)
    windows = length - NGRAM_TOKENS + 1
    kept = length - np.ceil(windows * (1 - similarity) / (1 + similarity) - 1e-9).astype(int)
    tokens[-copies:] = np.where(np.arange(length) < kept[:, None], tokens[originals], changed)
    return tokens[generator.permutation(rows)].astype(np.int32)


def write_sequences(path: Path, tokens: NDArray[np.int32]) -> None:
    """Write the sequences as Parquet with the columns sequence_id and tokens."""
    rows, length = tokens.shape
    lists = lists_from_ragged(RaggedArray(tokens.ravel(), np.arange(rows + 1) * length))
    pq.write_table(pa.table({"sequence_id": np.arange(rows), "tokens": lists}), path, row_group_size=10_000)


def true_pairs(tokens: NDArray[np.int32], threshold: float) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return all pairs of rows with at least this Jaccard similarity, shape (pairs, 2), and their similarities.

    Exact: the rows' 5-gram incidence matrix times its transpose.
    """
    from scipy.sparse import csr_matrix, triu

    windows = np.lib.stride_tricks.sliding_window_view(tokens, NGRAM_TOKENS, axis=1)
    rows, count = windows.shape[:2]
    keys = np.ascontiguousarray(windows).reshape(-1, NGRAM_TOKENS).view(f"V{4 * NGRAM_TOKENS}").ravel()
    _, ngrams, holders = np.unique(keys, return_inverse=True, return_counts=True)
    row_of = np.repeat(np.arange(rows), count)
    different = np.unique(row_of * np.int64(len(holders)) + ngrams)
    row_of, ngrams = np.divmod(different, len(holders))
    sizes = np.bincount(row_of, minlength=rows)
    shared = holders[ngrams] > 1  # a 5-gram of one row makes no pair
    matrix = csr_matrix((np.ones(shared.sum(), np.int32), (row_of[shared], ngrams[shared])), (rows, len(holders)))
    common = triu(matrix @ matrix.T, 1).tocoo()
    similarity = common.data / (sizes[common.row] + sizes[common.col] - common.data)
    is_similar = similarity >= threshold
    return np.column_stack([common.row, common.col]).astype(np.int64)[is_similar], similarity[is_similar]
