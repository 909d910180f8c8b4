"""The reasons why a row cannot be measured: each is a text for people, and has a kind to group by."""

from __future__ import annotations

from enum import StrEnum
from typing import Self

import numpy as np
from numpy.typing import NDArray


class ReasonKind(StrEnum):
    """The kinds of reasons, with their meanings; `rejected/` holds them as `reason_kind`."""

    meaning: str

    def __new__(cls, value: str, meaning: str) -> Self:
        kind = str.__new__(cls, value)
        kind._value_ = value
        kind.meaning = meaning
        return kind

    NO_TOKENS = "no_tokens", "the tokens are null or empty, or the tokenizer has no token for the text"
    NO_TEXT = "no_text", "the text is null or empty"
    UNKNOWN_TOKEN = "unknown_token", "a token id is negative, null, or not in the vocabulary of the tokenizer or model"
    NOT_UTF8 = "not_utf8", "the text is not valid UTF-8"
    NO_ID = "no_id", "the id is null"
    ID_TOO_LARGE = "id_too_large", "the id is above 2^63 - 1"
    REPEATED_ID = "repeated_id", "another row has the same id"
    UNREADABLE = "unreadable", "the line of JSON or CSV cannot be read as a row, or the text of a file is too long"
    TOO_SHORT = "too_short", "the document is shorter than the sequences that it is cut into"
    TOO_LONG = "too_long", "more tokens than the context of the language model"
    NO_PREDICTION = "no_prediction", "the predictions of the language model are not a number"


class Reason(str):
    """A reason why a row cannot be measured: its text, with its kind."""

    __slots__ = ("kind",)
    kind: ReasonKind

    def __new__(cls, kind: ReasonKind, text: str) -> Self:
        """Return the reason."""
        reason = str.__new__(cls, text)
        reason.kind = kind
        return reason


Reasons = NDArray[np.object_]  # one `Reason` per row; None if the row can be measured
