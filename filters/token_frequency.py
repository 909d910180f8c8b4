"""How common the sequence's tokens are in the training corpus."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from filters.contract import Column, Filter, RaggedArray, Sequences

PERCENTILES = (50, 25, 75)


class Statistics(NamedTuple):
    """Statistics of each row of numbers, shape (rows,); 0 for an empty row.

    percentiles: float64, shape (3, rows), one line per entry of PERCENTILES.
    """

    maximum: NDArray[np.int64]
    mean: NDArray[np.float64]
    minimum: NDArray[np.int64]
    percentiles: NDArray[np.float64]


def statistics(rows: RaggedArray) -> Statistics:
    """Return maximum, mean, minimum and percentiles (linear between ranks, as in NumPy) of each row of int64."""
    count = len(rows.offsets) - 1
    results = Statistics(np.zeros(count, np.int64), np.zeros(count), np.zeros(count, np.int64), np.zeros((3, count)))
    for where, matrix in _matrices(rows):
        # NumPy sorts a matrix with vector instructions, many times as fast as a compiled loop over rows.
        ranked = np.sort(matrix, axis=1)
        length = matrix.shape[1]
        results.maximum[where] = ranked[:, -1]
        results.mean[where] = matrix.sum(axis=1) / length
        results.minimum[where] = ranked[:, 0]
        for line, percentile in enumerate(PERCENTILES):
            results.percentiles[line, where] = _interpolate(ranked, (length - 1) * percentile / 100)
    return results


def _matrices(rows: RaggedArray) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Yield, for each length above 0, the row numbers of that length and the rows as one matrix."""
    values, lengths = rows.values.astype(np.int64, copy=False), np.diff(rows.offsets)
    by_length = np.argsort(lengths, kind="stable")
    distinct, begins = np.unique(lengths[by_length], return_index=True)
    for length, where in zip(distinct.tolist(), np.split(by_length, begins[1:]), strict=False):
        if len(where) and length:
            yield where, values[rows.offsets[where][:, None] + np.arange(length)]


def _interpolate(ranked: NDArray[np.int64], rank: float) -> NDArray[np.float64]:
    """Return each row's value at a fractional rank from 0 to length - 1, interpolated linearly."""
    below = int(rank)
    low, high = ranked[:, below], ranked[:, min(below + 1, ranked.shape[1] - 1)]
    return np.asarray(low + (high - low) * (rank - below))


def _frequencies(tokens: NDArray[np.int64], table: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the table's value for each token id; -1 for ids beyond the table's end."""
    is_listed = tokens < len(table)
    if is_listed.all():
        return np.take(table, tokens)
    frequencies = np.full(len(tokens), -1, np.int64)
    frequencies[is_listed] = table[tokens[is_listed]]
    return frequencies


def measure(sequences: Sequences) -> tuple[pa.Array, ...]:
    """Return the columns of `FILTER`; the statistics are null if a frequency is unknown or the row is empty."""
    tokens, table = sequences.tokens, sequences.token_frequencies
    assert tokens is not None
    assert table is not None
    frequencies = _frequencies(tokens.values.astype(np.int64, copy=False), table)
    is_unknown = frequencies < 0
    unknown_before = np.concatenate([[0], np.cumsum(is_unknown)])
    is_null = np.diff(unknown_before[tokens.offsets]) + (np.diff(tokens.offsets) == 0) > 0
    results = statistics(RaggedArray(frequencies, tokens.offsets))
    items = pa.array(frequencies, mask=is_unknown if is_unknown.any() else None)
    return (
        pa.array(results.maximum, mask=is_null),
        pa.array(results.mean, mask=is_null),
        pa.array(results.minimum, mask=is_null),
        *(pa.array(percentile, mask=is_null) for percentile in results.percentiles),
        pa.ListArray.from_arrays(pa.array(tokens.offsets.astype(np.int32)), items),
    )


FILTER = Filter(
    name="token_frequencies",
    meaning="Frequency of the sequence's tokens in the training corpus; null if a token was not counted.",
    columns=(
        Column("max_frequency", pa.int64(), "corpus frequency of the sequence's most frequent token"),
        Column("avg_frequency", pa.float64(), "mean corpus frequency of the sequence's tokens"),
        Column("min_frequency", pa.int64(), "corpus frequency of the sequence's least frequent token"),
        Column("median_frequency", pa.float64(), "median corpus frequency of the sequence's tokens"),
        Column("p25_frequency", pa.float64(), "25th percentile of the corpus frequencies, linear between ranks"),
        Column("p75_frequency", pa.float64(), "75th percentile of the corpus frequencies, linear between ranks"),
        Column(
            "frequencies",
            pa.list_(pa.int64()),
            "corpus frequency of each token, in token order; null for a token that the frequency table lacks",
        ),
    ),
    reads=("tokens", "token_frequencies"),
    measure=measure,
)
