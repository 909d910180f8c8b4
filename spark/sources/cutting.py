"""Where the sequences lie that documents are cut into."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from filters.reasons import Reason, ReasonKind


class Cut(NamedTuple):
    """How documents are cut into sequences.

    tokens: the length of a sequence. stride: the distance from the beginning of one to that of the next, in tokens.
    keep_short: whether the tokens behind the last whole sequence of a document become a shorter one.
    """

    tokens: int
    stride: int
    keep_short: bool

    @property
    def too_short(self) -> Reason:
        """The reason to reject a document that has tokens, but too few for a sequence."""
        text = f"the document is shorter than a sequence of {self.tokens} tokens; --keep_short keeps it"
        return Reason(ReasonKind.TOO_SHORT, text)


def cut_of(tokens: int | None, stride: int | None, keep_short: bool | None) -> Cut | None:
    """Return the cut that the options ask for; None if documents are not cut."""
    return None if tokens is None else Cut(tokens, stride or tokens, bool(keep_short))


def described(cut: Cut | None) -> str:
    """Return the sequences of a cut in words, for messages."""
    if cut is None:
        return "whole rows"
    short = ", short ones kept" if cut.keep_short else ""
    return f"sequences of {cut.tokens} tokens with a stride of {cut.stride}{short}"


class Pieces(NamedTuple):
    """Sequences within documents, in order; each array is int64, shape (sequences,).

    documents: the position of the document of each. offsets: the index of its first token there. lengths: in tokens.
    """

    documents: NDArray[np.int64]
    offsets: NDArray[np.int64]
    lengths: NDArray[np.int64]


def cut_lengths(lengths: NDArray[np.int64], cut: Cut) -> Pieces:
    """Return the sequences of documents of some lengths, int64, shape (documents,).

    Sequences begin at 0, `stride`, 2 · `stride`, … of each document and never cross its end. A short one is kept only
    if it holds tokens that no whole one holds.
    """
    whole = np.where(lengths >= cut.tokens, (lengths - cut.tokens) // cut.stride + 1, 0)
    covered = np.where(whole > 0, (whole - 1) * cut.stride + cut.tokens, 0)
    has_short = (whole * cut.stride < lengths) & (covered < lengths) & cut.keep_short
    counts = whole + has_short
    documents = np.repeat(np.arange(len(lengths)), counts)
    numbers = np.arange(len(documents)) - np.repeat(np.cumsum(counts) - counts, counts)
    offsets = numbers * cut.stride
    return Pieces(documents, offsets, np.minimum(cut.tokens, lengths[documents] - offsets))
