"""Decide which rows can be measured, and give the reason for each row that cannot."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from filters.arrow_input import plain_lists
from filters.reasons import Reason, ReasonKind, Reasons
from filters.utf8 import is_utf8

EMPTY_TOKENS = Reason(ReasonKind.NO_TOKENS, "tokens is empty")
NULL_TOKENS = Reason(ReasonKind.NO_TOKENS, "tokens is null")
NO_TOKENS = Reason(ReasonKind.NO_TOKENS, "the tokenizer has no token for the text")
EMPTY_TEXT = Reason(ReasonKind.NO_TEXT, "text is empty")
NULL_TEXT = Reason(ReasonKind.NO_TEXT, "text is null")
NOT_DECODED = Reason(ReasonKind.NO_TEXT, "text is null, and there is no tokenizer to decode the tokens")
NOT_UTF8 = Reason(ReasonKind.NOT_UTF8, "text is not valid UTF-8")


def is_measured(reasons: Reasons) -> NDArray[np.bool_]:
    """Return for each row whether it has no reason against it."""
    return np.fromiter((reason is None for reason in reasons), np.bool_, len(reasons))


def is_damaged(reasons: Reasons) -> NDArray[np.bool_]:
    """Return for each row whether it has a reason other than being empty. A corpus may have empty rows."""
    return np.fromiter((reason not in (None, EMPTY_TOKENS, EMPTY_TEXT) for reason in reasons), np.bool_, len(reasons))


def first_reasons(first: Reasons, second: Reasons) -> Reasons:
    """Return for each row its first reason if it has one, else its second."""
    return np.where(is_measured(first), second, first)


def token_rejections(tokens: pa.Array, in_vocabulary: NDArray[np.bool_] | None) -> Reasons:
    """Return why each row of token ids cannot be measured; None if it can; shape (rows,).

    tokens: lists of any kind, of any integer type.
    in_vocabulary: bool, indexed by token id: whether the tokenizer has the id; None without a tokenizer.
    """
    tokens = plain_lists(tokens)
    reasons = np.full(len(tokens), None, object)
    offsets, values = np.asarray(tokens.offsets), tokens.values
    known_range = len(in_vocabulary) if in_vocabulary is not None else np.iinfo(np.int32).max + 1
    ids = np.asarray(pc.fill_null(values, 0)) if values.null_count else np.asarray(values)
    bad = (ids < 0) | (ids >= known_range)
    if in_vocabulary is not None and not in_vocabulary.all():
        bad |= ~in_vocabulary[np.where(bad, 0, ids)]
    if values.null_count:
        bad |= np.asarray(values.is_null())
    positions = np.flatnonzero(bad)
    rows = np.searchsorted(offsets, positions, side="right") - 1
    # Backwards, so that the first bad token of a row gives the reason.
    for position, row in zip(positions[::-1], rows[::-1], strict=True):
        reasons[row] = _token_reason(values[int(position)].as_py(), known_range)
    reasons[np.diff(offsets) == 0] = EMPTY_TOKENS
    reasons[np.asarray(tokens.is_null())] = NULL_TOKENS
    return reasons


def _token_reason(token: int | None, known_range: int) -> Reason:
    if token is None:
        text = "tokens holds a null"
    elif token < 0:
        text = f"token id {token} is negative"
    else:
        text = f"token id {token} is not in the vocabulary (ids below {known_range})"
    return Reason(ReasonKind.UNKNOWN_TOKEN, text)


def text_without_tokens(tokens: pa.ListArray) -> Reasons:
    """Return a reason for each row of encoded text that has no token: its vocabulary lacks all of the characters."""
    reasons = np.full(len(tokens), None, object)
    reasons[np.diff(np.asarray(tokens.offsets)) == 0] = NO_TOKENS
    return reasons


def text_rejections(text: pa.StringArray, null_reason: Reason | None) -> Reasons:
    """Return why each row of text cannot be measured; None if it can; shape (rows,).

    null_reason: the reason for a null text; None if its tokens can be decoded instead.
    """
    reasons = np.full(len(text), None, object)
    try:
        text.validate(full=True)
    except pa.ArrowInvalid:
        as_bytes = text.cast(pa.binary())
        for row, value in enumerate(as_bytes.to_pylist()):
            if value is not None and not is_utf8(value):
                reasons[row] = NOT_UTF8
    if null_reason is not None:
        reasons[np.asarray(text.is_null())] = null_reason
    reasons[np.asarray(pc.fill_null(pc.equal(pc.binary_length(text), 0), False))] = EMPTY_TEXT
    return reasons
