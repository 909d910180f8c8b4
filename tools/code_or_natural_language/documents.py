"""A labelled document, and the rules by which its parts count as code or as natural language."""

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
    """A text in parts, each code or natural language; `origin` groups texts that must not be split from one another.

    is_exact: whether what is code is known, as in texts that we write, and not judged by rules that err.
    """

    kind: str
    origin: str
    parts: tuple[Part, ...]
    is_exact: bool = False


def is_prose(text: str, least_words: int = 5) -> bool:
    """Whether a paragraph or comment reads as sentences: words, few of the signs that code is made of."""
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
    """Whether a heading, list or paragraph of a document is natural language: letters, and few signs of code."""
    visible = sum(not character.isspace() for character in text)
    letters = sum(character.isalpha() for character in text)
    return letters >= 0.55 * visible and len(_CODE_SIGNS.findall(text)) <= 0.15 * len(text.split()) + 1


def is_comment_prose(comment: str) -> bool:
    """Whether a comment, its signs included, is natural language: it reads as sentences, or it is a licence."""
    bare = re.sub(r"(?m)^[\s/*#;!%~-]+|[*/#-]+\s*$", " ", comment)
    licence = len(_LICENCE_WORDS.findall(bare))
    return is_prose(bare) or (licence >= 2 and len(_CODE_SIGNS.findall(bare)) <= 0.1 * len(bare.split()) + 3)


def encode_with_mask(parts: tuple[Part, ...]) -> tuple[bytes, NDArray[np.bool_]]:
    """The document's UTF-8, and for each byte whether it is code."""
    encoded = [(text.encode("utf-8", "replace"), code) for text, code in parts]
    lengths = [len(piece) for piece, _ in encoded]
    mask = np.repeat([code for _, code in encoded], lengths).astype(np.bool_)
    return b"".join(piece for piece, _ in encoded), mask
