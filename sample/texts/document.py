"""Documents: texts with the truth about their parts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, NamedTuple

MarkGroup = Literal["secret", "personal", "term"]
Category = Literal[
    "prose",
    "code",
    "structured",
    "boilerplate",
    "table",
    "incrementing",
    "repeating",
    "template",
    "secret",
    "personal",
]

_OPEN, _MIDDLE, _CLOSE = "\x02", "\x03", "\x04"
_SIGN = re.compile(r"\x02(\w+)/(\w+)\x03|\x04")


class Mark(NamedTuple):
    """A part of a text: its characters, the group that it belongs to, and its kind within the group."""

    start: int
    end: int
    group: str
    kind: str


@dataclass(frozen=True)
class Increment:
    """How a counting sequence was made: its notation, and the difference between successive terms."""

    notation: str
    step: float


@dataclass(frozen=True)
class Repetition:
    """How a repetition was made.

    unit: the repeated characters.
    start: the position in the text at which the first unit begins.
    line_width: the length of the longest line if newlines break the repetition, even inside units; else None. Without
        these newlines the repetition is exact.
    """

    unit: str
    start: int
    line_width: int | None = None


@dataclass(frozen=True)
class Document:
    """A text of the corpus and the truth about it.

    kind: the kind within the category: a register, a language, a notation.
    is_code: None if it is neither code nor natural language (a bare counting sequence).
    cut: how its rows are cut. `packed`: from the documents of its category, joined end to end; `whole`: every full row
        from its beginning; `window`: one row, which begins after at most `lead` of its tokens.
    """

    text: str
    category: Category
    kind: str
    is_code: bool | None
    marks: tuple[Mark, ...] = ()
    cut: Literal["packed", "whole", "window"] = "window"
    lead: int = 0
    increment: Increment | None = None
    repetition: Repetition | None = None
    template_id: str | None = None
    template_fills: tuple[str, ...] = ()


def mark(group: MarkGroup, kind: str, text: str) -> str:
    """Return the text between signs that `read_marks` turns into a mark."""
    return f"{_OPEN}{group}/{kind}{_MIDDLE}{text}{_CLOSE}"


def read_marks(text: str) -> tuple[str, tuple[Mark, ...]]:
    """Return the text without signs, and the marks that they stood for, ordered by their ends."""
    plain: list[str] = []
    marks: list[Mark] = []
    opened: list[tuple[int, str, str]] = []
    length = position = 0
    for sign in _SIGN.finditer(text):
        plain.append(text[position : sign.start()])
        length += sign.start() - position
        position = sign.end()
        if sign.group(1):
            opened.append((length, sign.group(1), sign.group(2)))
        else:
            start, group, kind = opened.pop()
            marks.append(Mark(start, length, group, kind))
    plain.append(text[position:])
    return "".join(plain), tuple(marks)
