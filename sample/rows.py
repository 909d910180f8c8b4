"""Rows of 64 tokens, cut from documents; they are the sequences of the corpus."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from random import Random
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from sample.recipe import SEED
from sample.texts.document import Document, Mark
from sample.tokenizer import END_OF_TEXT_ID

ROW_TOKENS = 64
CONTINUATION_START = 32
_FEWEST_TERMS = 4
_FEWEST_UNITS = 3


class Row(NamedTuple):
    """64 tokens of a document.

    document: its number; for a row of several documents the one with the most tokens.
    start, end: the characters of the document that the row spans; 0 for rows of packed documents.
    repetition_token: the token of the row in which a repetition begins; None if there is none.
    """

    tokens: NDArray[np.int32]
    document: int
    start: int = 0
    end: int = 0
    repetition_token: int | None = None


def marks_within(row: Row, document: Document, group: str) -> list[Mark]:
    """Return the marks of a group that lie completely in the row."""
    return [mark for mark in document.marks if mark.group == group and row.start <= mark.start and mark.end <= row.end]


def whole_units(row: Row, document: Document) -> int:
    """Return the number of complete repeated units in the row; newlines that break the repetition are ignored."""
    repetition = document.repetition
    if repetition is None:
        return 0
    before = document.text[repetition.start : row.start]
    repeated = document.text[max(row.start, repetition.start) : row.end]
    if repetition.line_width:
        before, repeated = before.replace("\n", ""), repeated.replace("\n", "")
    length = len(repetition.unit)
    return (len(repeated) - (-len(before)) % length) // length


def _token_of(character: int, offsets: Sequence[tuple[int, int]]) -> int:
    """Return the index of the first token that ends after the start of a character; 0 if all tokens follow it."""
    return next(index for index, (_, end) in enumerate(offsets) if end > character)


def _cut_at(encoding: Encoding, index: int, document: Document, first: int) -> Row:
    offsets = encoding.offsets[first : first + ROW_TOKENS]
    repetition_token = None
    if document.repetition:
        repetition_token = _token_of(document.repetition.start, offsets)
    tokens = np.array(encoding.ids[first : first + ROW_TOKENS], np.int32)
    return Row(tokens, index, offsets[0][0], offsets[-1][1], repetition_token)


def _shows_enough(row: Row, document: Document) -> bool:
    """Return whether the row shows what its document promises; see `cut_rows`."""
    if document.increment:
        return len(marks_within(row, document, "term")) >= _FEWEST_TERMS
    if document.repetition:
        return whole_units(row, document) >= _FEWEST_UNITS
    if document.category in ("secret", "personal"):
        return bool(marks_within(row, document, document.category))
    return True


def _first_token(encoding: Encoding, document: Document, rng: Random) -> int:
    """Return the first token of a window. The text before a repetition takes at most `lead` tokens of the row."""
    if document.repetition and document.repetition.start:
        begins = _token_of(document.repetition.start, encoding.offsets)
        return max(0, begins - rng.randint(1, document.lead))
    return rng.randint(0, document.lead)


def _packed(indices: Sequence[int], encodings: Sequence[Encoding]) -> Iterator[Row]:
    """Join documents end to end, with `<|endoftext|>` between them, and cut every 64 tokens; the rest is left out."""
    tokens = np.concatenate([[*encodings[index].ids, END_OF_TEXT_ID] for index in indices]).astype(np.int32)
    owners = np.concatenate([np.full(len(encodings[index].ids) + 1, index) for index in indices])
    for first in range(0, len(tokens) - ROW_TOKENS + 1, ROW_TOKENS):
        owner = int(np.bincount(owners[first : first + ROW_TOKENS]).argmax())
        yield Row(tokens[first : first + ROW_TOKENS], owner)


def _separate(documents: Sequence[Document], encodings: Sequence[Encoding], rng: Random) -> Iterator[Row]:
    for index, (document, encoding) in enumerate(zip(documents, encodings, strict=True)):
        last = len(encoding.ids) - ROW_TOKENS
        if last < 0 or document.cut == "packed":
            continue
        whole = document.cut == "whole"
        firsts = range(0, last + 1, ROW_TOKENS) if whole else [min(last, _first_token(encoding, document, rng))]
        yield from (_cut_at(encoding, index, document, first) for first in firsts)


def cut_rows(documents: Sequence[Document], tokenizer: Tokenizer) -> list[Row]:
    """Return the rows of all documents, no two with the same tokens.

    Rows that do not show enough are left out: fewer than four terms of a counting sequence, fewer than three complete
    units of a repetition, no complete secret or personal data.
    """
    encodings = tokenizer.encode_batch([document.text for document in documents])
    packed = [index for index, document in enumerate(documents) if document.cut == "packed"]
    rows = list(_separate(documents, encodings, Random(f"{SEED}/rows")))
    for _, indices in groupby(packed, key=lambda index: documents[index].category):
        rows += _packed(list(indices), encodings)
    kept = (row for row in rows if _shows_enough(row, documents[row.document]))
    return list({row.tokens.tobytes(): row for row in kept}.values())
