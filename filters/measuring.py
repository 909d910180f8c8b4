"""Measure Arrow arrays without Spark: find the rows that can be measured, and run the filters on them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from tokenizers import Tokenizer

from filters.arrow_input import plain_lists, plain_text
from filters.contract import MIN_K_PERCENT, MODEL_INPUTS, Filter, RaggedArray, Sequences
from filters.detokenization import decode_tokens
from filters.language_model.answers import Answers
from filters.language_model.asking import ask
from filters.language_model.model import LanguageModel
from filters.ragged import lists_from_ragged, ragged_from_lists, ragged_from_strings, strings_from_ragged
from filters.reasons import Reasons
from filters.validity import (
    NOT_DECODED,
    NULL_TEXT,
    first_reasons,
    is_measured,
    text_rejections,
    text_without_tokens,
    token_rejections,
)
from filters.vocabulary import Vocabulary


@dataclass(frozen=True)
class Resources:
    """What filters need besides the rows, loaded once per process.

    vocabulary: decodes tokens that have no text, and encodes text that has no tokens.
    token_frequencies: as in `Sequences`.
    language_model: the model for filters that read model outputs.
    """

    vocabulary: Vocabulary | None = None
    token_frequencies: NDArray[np.int64] | None = None
    language_model: LanguageModel | None = None


@dataclass(frozen=True)
class MeasuredBatch:
    """The result of measuring a batch of rows.

    reasons: for each row, why it was not measured; None if it was.
    tokens, text: of the measured rows, as the filters saw them; None if unknown.
    columns: values by column name, of the measured rows.
    """

    reasons: Reasons
    tokens: pa.ListArray | None
    text: pa.StringArray | None
    columns: Mapping[str, pa.Array]


def rejections(tokens: pa.ListArray | None, text: pa.StringArray | None, resources: Resources) -> Reasons:
    """Return why each row cannot be measured, None if it can; shape (rows,)."""
    if tokens is None:
        if text is None:
            raise ValueError("expected a column of tokens, of text, or both; found neither")
        return text_rejections(text, null_reason=NULL_TEXT)
    in_vocabulary = resources.vocabulary.in_vocabulary if resources.vocabulary else None
    reasons = token_rejections(tokens, in_vocabulary)
    if text is None:
        return reasons
    null_reason = None if resources.vocabulary else NOT_DECODED
    return first_reasons(reasons, text_rejections(text, null_reason))


def measure_batch(
    tokens: pa.Array | None,
    text: pa.Array | None,
    filters: Iterable[Filter],
    resources: Resources,
    extra_reasons: Reasons | None = None,
) -> MeasuredBatch:
    """Compute the columns of `filters` for the rows that can be measured; filters that are joined are skipped.

    tokens: lists of any kind, of any integer type; text: text or bytes of any type; at least one of the two.
    extra_reasons: reasons that the caller already has for rejecting a row.
    """
    filters = [each for each in filters if each.measure is not None]
    tokens = None if tokens is None else plain_lists(tokens)
    text = None if text is None else plain_text(text)
    reasons = rejections(tokens, text, resources)
    if extra_reasons is not None:
        reasons = first_reasons(extra_reasons, reasons)
    keep = is_measured(reasons)
    tokens, text = _encode_or_decode(_filter_rows(tokens, keep), _filter_rows(text, keep), resources.vocabulary)
    if tokens is not None:
        tokens, text = _without(reasons, text_without_tokens(tokens), tokens, text)
    answers = Answers()
    wanted = {name for each in filters for name in each.reads} & MODEL_INPUTS
    if wanted and resources.language_model is not None and tokens is not None:
        rejected, answers = ask(resources.language_model, ragged_from_lists(tokens), wanted)
        tokens, text = _without(reasons, rejected, tokens, text)
    sequences = Sequences(
        None if tokens is None else ragged_from_lists(tokens),
        None if text is None or text.null_count else ragged_from_strings(text),
        resources.token_frequencies,
        *answers,
        min_k_percent=resources.language_model.min_k_percent if resources.language_model else MIN_K_PERCENT,
    )
    rows = int(is_measured(reasons).sum())
    columns = {
        column.name: values
        for each in filters
        for column, values in zip(each.columns, measure_filter(each, sequences, rows), strict=True)
    }
    return MeasuredBatch(reasons, tokens, text, columns)


def _encode_or_decode(
    tokens: pa.ListArray | None, text: pa.StringArray | None, vocabulary: Vocabulary | None
) -> tuple[pa.ListArray | None, pa.StringArray | None]:
    """Return tokens as int32 and text; decode or encode the missing one if the vocabulary is known."""
    if tokens is not None and tokens.type.value_type != pa.int32():
        tokens = tokens.cast(pa.list_(pa.int32()))
    if tokens is None and vocabulary is not None:
        tokens = encode_text(text, vocabulary.tokenizer)
    if vocabulary is not None and tokens is not None and (text is None or text.null_count):
        decoded = strings_from_ragged(decode_tokens(ragged_from_lists(tokens), vocabulary))
        text = decoded if text is None else pc.coalesce(text, decoded)
    return tokens, text


def measure_filter(each: Filter, sequences: Sequences, rows: int) -> tuple[pa.Array, ...]:
    """Return the columns of one filter; null if an input of the filter is None."""
    if each.measure is None or any(getattr(sequences, name) is None for name in each.reads):
        return tuple(pa.nulls(rows, column.type) for column in each.columns)
    return each.measure(sequences)


def _without(
    reasons: Reasons, found: Reasons, tokens: pa.ListArray | None, text: pa.StringArray | None
) -> tuple[pa.ListArray | None, pa.StringArray | None]:
    """Leave out the rows with a reason in `found`, which has one per row measured so far; write it to `reasons`."""
    reasons[is_measured(reasons)] = found
    keep = is_measured(found)
    return _filter_rows(tokens, keep), _filter_rows(text, keep)


def _filter_rows(column: pa.Array | None, keep: NDArray[np.bool_]) -> pa.Array | None:
    return column if column is None or keep.all() else column.filter(pa.array(keep))


def encode_text(text: pa.StringArray, tokenizer: Tokenizer) -> pa.ListArray:
    """Return the int32 token ids of each text, without special tokens around it."""
    encodings = tokenizer.encode_batch_fast(text.to_pylist(), add_special_tokens=False)
    lengths = np.array([len(encoding) for encoding in encodings], np.int64)
    ids = np.fromiter((i for encoding in encodings for i in encoding.ids), np.int32, int(lengths.sum()))
    return lists_from_ragged(RaggedArray(ids, np.concatenate(([0], np.cumsum(lengths)))))
