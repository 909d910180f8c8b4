"""N-gram diversity of a sequence: the share of distinct n-grams, and the most repeated one."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from filters.compiled import compiled
from filters.contract import Column, Filter, RaggedArray, Sequences
from filters.kernel_input import read_only_rows
from filters.ngram_diversity.ngrams import LONGEST, NgramCounts, count_ngrams
from filters.ngram_diversity.words import Words, words_of
from filters.ragged import lists_from_ragged, strings_from_ragged


def measure_tokens(sequences: Sequences) -> tuple[pa.Array, ...]:
    """Return the columns of `TOKEN_NGRAM_DIVERSITY`; columns of n-grams are null if the row has under n tokens."""
    tokens = sequences.tokens
    assert tokens is not None
    counts = count_ngrams(tokens)
    grams = [_token_ngrams(tokens, counts.first[n - 1], n) for n in range(1, LONGEST + 1)]
    return _columns(np.diff(tokens.offsets), counts, grams)


def measure_words(sequences: Sequences) -> tuple[pa.Array, ...]:
    """Return the columns of `WORD_NGRAM_DIVERSITY`; columns of n-grams are null if the text has under n words."""
    text = sequences.text
    assert text is not None
    words = words_of(text)
    counts = count_ngrams(words.ids)
    grams = [_word_ngrams(text, words, counts.first[n - 1], n) for n in range(1, LONGEST + 1)]
    return _columns(np.diff(words.ids.offsets), counts, grams)


def _token_ngrams(tokens: RaggedArray, first: NDArray[np.int64], n: int) -> pa.Array:
    """Return the n tokens of each row from position `first` on (list<int32>); empty if `first` is -1."""
    exists = first >= 0
    starts = (tokens.offsets[:-1] + first)[exists]
    values = tokens.values[starts[:, None] + np.arange(n)].ravel().astype(np.int32, copy=False)
    return lists_from_ragged(RaggedArray(values, np.concatenate([[0], np.cumsum(n * exists)])))


def _word_ngrams(text: RaggedArray, words: Words, first: NDArray[np.int64], n: int) -> pa.Array:
    """Return the n words of each row from word `first` on, joined by one space; "" if `first` is -1."""
    at = np.where(first >= 0, first + words.ids.offsets[:-1], -1)
    values = read_only_rows(text, np.uint8).values
    return strings_from_ragged(RaggedArray(*_join_words(values, words.starts, words.stops, at, n)))


@compiled
def _join_words(
    text: NDArray[np.uint8],
    starts: NDArray[np.int64],
    stops: NDArray[np.int64],
    first: NDArray[np.int64],
    count: int,
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    total = 0
    for word in first:
        for k in range(count if word >= 0 else 0):
            total += stops[word + k] - starts[word + k] + 1
    out = np.empty(total, np.uint8)
    offsets = np.zeros(len(first) + 1, np.int64)
    end = 0
    for row in range(len(first)):
        word = first[row]
        for k in range(count if word >= 0 else 0):
            if k > 0:
                out[end] = 0x20
                end += 1
            for at in range(starts[word + k], stops[word + k]):
                out[end] = text[at]
                end += 1
        offsets[row + 1] = end
    return out[:end], offsets


def _columns(lengths: NDArray[np.int64], counts: NgramCounts, grams: list[pa.Array]) -> tuple[pa.Array, ...]:
    columns: list[pa.Array] = []
    for n, gram in enumerate(grams, start=1):
        totals = lengths - n + 1
        is_null = totals < 1
        shares = counts.distinct[n - 1] / np.maximum(totals, 1)
        columns.append(pa.array(shares, pa.float64(), mask=is_null))
        columns.append(pc.if_else(pa.array(is_null), None, gram) if is_null.any() else gram)
        columns.append(pa.array(counts.most[n - 1].astype(np.int32), pa.int32(), mask=is_null))
    return tuple(columns)


def _described(unit: str, gram_type: pa.DataType, as_written: str) -> tuple[Column, ...]:
    """Return the columns for n = 1 to LONGEST, in the order of the values from `_columns`."""
    columns: list[Column] = []
    for n in range(1, LONGEST + 1):
        name = f"{unit}_{n}gram"
        grams = f"{unit} {n}-grams"
        columns += (
            Column(
                f"distinct_{name}_share",
                pa.float64(),
                f"distinct {grams} divided by all {grams} (distinct-{n})",
            ),
            Column(
                f"most_repeated_{name}",
                gram_type,
                f"the most frequent of the {grams}, the first on a tie, {as_written}",
            ),
            Column(f"most_repeated_{name}_count", pa.int32(), f"number of occurrences of `most_repeated_{name}`"),
        )
    return tuple(columns)


# The shares are distinct-n (Li et al. 2016, "A Diversity-Promoting Objective Function for Neural Conversation Models")
# within one sequence.
TOKEN_NGRAM_DIVERSITY = Filter(
    name="token_ngram_diversity",
    meaning="Share of distinct token n-grams (n = 1 to 4), and the most repeated one.",
    columns=_described("token", pa.list_(pa.int32()), "as token ids"),
    reads=("tokens",),
    measure=measure_tokens,
)

WORD_NGRAM_DIVERSITY = Filter(
    name="word_ngram_diversity",
    meaning="The same for n-grams of words, which are separated by whitespace.",
    columns=_described("word", pa.string(), "as words joined by one space"),
    reads=("text",),
    measure=measure_words,
)
