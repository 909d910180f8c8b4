"""Decode the tokens of a sequence to text."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from filters.compiled import compiled
from filters.contract import Column, Filter, RaggedArray, Sequences
from filters.kernel_input import read_only, read_only_rows
from filters.ragged import ragged_from_strings, strings_from_ragged
from filters.utf8 import replace_malformed
from filters.vocabulary import Vocabulary


def decode_tokens(tokens: RaggedArray, vocabulary: Vocabulary) -> RaggedArray:
    """Return the valid UTF-8 (uint8) of each row of token ids, equal to the tokenizer's own `decode`.

    Special tokens are kept. Bytes that form no character, as when a row begins or ends within one, become U+FFFD.
    Unused ids of the vocabulary decode to nothing. Raises ValueError for an id outside 0..size-1.
    """
    _require_ids_below(vocabulary.size, tokens.values)
    values, offsets = read_only_rows(tokens, np.int32)
    if vocabulary.token_bytes is None:
        return _decode_with_tokenizer(values, offsets, vocabulary)
    text, text_offsets, is_suspect = _take_bytes(
        values,
        offsets,
        *read_only_rows(vocabulary.token_bytes, np.uint8),
        read_only(vocabulary.is_whole, np.bool_),
    )
    rows = RaggedArray(text, text_offsets)
    return replace_malformed(rows, is_suspect) if is_suspect.any() else rows


def decode_ids(ids: NDArray[np.integer[Any]], vocabulary: Vocabulary) -> pa.StringArray:
    """Return the text of each row of token ids, shape (rows, tokens), as `decode_tokens` does.

    Ids outside the vocabulary decode to nothing: a model can have more ids than its tokenizer.
    """
    is_known = (ids >= 0) & (ids < vocabulary.size)
    offsets = np.concatenate(([0], np.cumsum(is_known.sum(axis=1))))
    return strings_from_ragged(decode_tokens(RaggedArray(ids[is_known].astype(np.int32), offsets), vocabulary))


def _require_ids_below(size: int, ids: NDArray[Any]) -> None:
    if len(ids) and (ids.min() < 0 or ids.max() >= size):
        raise ValueError(
            f"expected token ids from 0 to {size - 1}, found {ids.min()} to {ids.max()}; "
            "drop the rows with other ids, or use the tokenizer that made them"
        )


def _decode_with_tokenizer(
    values: NDArray[np.generic], offsets: NDArray[np.int64], vocabulary: Vocabulary
) -> RaggedArray:
    """Decode with the tokenizer, about 20 times slower: needed if a token's text depends on its position."""
    rows = [values[start:stop].tolist() for start, stop in pairwise(offsets)]
    texts = vocabulary.tokenizer.decode_batch(rows, skip_special_tokens=False)
    return ragged_from_strings(pa.array(texts, pa.string()))


@compiled
def _take_bytes(
    tokens: NDArray[np.int32],
    offsets: NDArray[np.int64],
    token_bytes: NDArray[np.uint8],
    token_offsets: NDArray[np.int64],
    is_whole: NDArray[np.bool_],
) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.bool_]]:
    """Return the tokens' bytes end to end, the rows' offsets, and which rows have a token that is invalid UTF-8."""
    total = 0
    for token in tokens:
        total += token_offsets[token + 1] - token_offsets[token]
    out = np.empty(total, np.uint8)
    out_offsets = np.zeros(len(offsets), np.int64)
    is_suspect = np.zeros(len(offsets) - 1, np.bool_)
    end = 0
    for row in range(len(offsets) - 1):
        all_whole = True
        for i in range(offsets[row], offsets[row + 1]):
            token = tokens[i]
            all_whole &= is_whole[token]
            # A loop: a slice assignment costs more than copying the few bytes of a token.
            for k in range(token_offsets[token], token_offsets[token + 1]):
                out[end] = token_bytes[k]
                end += 1
        out_offsets[row + 1] = end
        is_suspect[row] = not all_whole
    return out, out_offsets, is_suspect


def measure(sequences: Sequences) -> tuple[pa.Array, ...]:
    """Return the text as one Arrow string column; the caller has decoded it already, for other filters."""
    assert sequences.text is not None
    return (strings_from_ragged(sequences.text),)


FILTER = Filter(
    name="detokenization",
    meaning="The sequence as text.",
    columns=(Column("text", pa.string(), "the tokens decoded"),),
    reads=("text",),
    measure=measure,
)
