"""Labelled documents, and the rules that tell code from natural language in their parts."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Part = tuple[str, bool]  # a piece of text, and whether it is code

_LICENCE_WORDS = re.compile(
    r"licen[cs]e|copyright|warrant|liab|redistribut|all rights reserved|permission|contributors|software is provided",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]{2,}(?:['\u2019-][^\W\d_]+)*")
_CODE_SIGNS = re.compile(r"[{}\[\]=<>;\\|_#$@^`~/]|\w\(|::|->|\w\.\w")
_SCRIPT_WITHOUT_SPACES = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")


@dataclass(frozen=True)
class Document:
    """A text in parts, each of them code or natural language.

    origin: documents of the same origin belong to the same part of the data: training, calibration or validation.
    is_exact: whether the labels are known, as in generated texts; False if fallible rules chose them.
    """

    kind: str
    origin: str
    parts: tuple[Part, ...]
    is_exact: bool = False


def is_prose(text: str, least_words: int = 5) -> bool:
    """Return whether a paragraph or comment reads as sentences: mostly words, few signs of code."""
    visible = sum(not character.isspace() for character in text)
    if visible == 0:
        return False
    if len(_SCRIPT_WITHOUT_SPACES.findall(text)) > 0.5 * visible:
        return visible >= 2 * least_words
    words = _WORD.findall(text)
    letters = sum(map(len, words))
    small = sum(word[1:].islower() or not word.isascii() for word in words)
    return (
        len(words) >= least_words
        and letters >= 0.7 * visible
        and small >= 0.6 * len(words)
        and len(_CODE_SIGNS.findall(text)) <= 0.12 * len(words) + 1
    )


def is_plain(text: str) -> bool:
    """Return whether a heading, list or paragraph is natural language: mostly letters, few signs of code."""
    visible = sum(not character.isspace() for character in text)
    letters = sum(character.isalpha() for character in text)
    return letters >= 0.55 * visible and len(_CODE_SIGNS.findall(text)) <= 0.15 * len(text.split()) + 1


def is_comment_prose(comment: str) -> bool:
    """Return whether a comment, with its comment signs, is natural language: sentences, or a licence."""
    bare = re.sub(r"(?m)^[\s/*#;!%~-]+|[*/#-]+\s*$", " ", comment)
    licence = len(_LICENCE_WORDS.findall(bare))
    return is_prose(bare) or (licence >= 2 and len(_CODE_SIGNS.findall(bare)) <= 0.1 * len(bare.split()) + 3)


def encode_with_mask(parts: tuple[Part, ...]) -> tuple[bytes, NDArray[np.bool_]]:
    """Return the document's UTF-8 bytes and a bool array: whether each byte is code."""
    encoded = [(text.encode("utf-8", "replace"), code) for text, code in parts]
    lengths = [len(piece) for piece, _ in encoded]
    mask = np.repeat([code for _, code in encoded], lengths).astype(np.bool_)
    return b"".join(piece for piece, _ in encoded), mask
