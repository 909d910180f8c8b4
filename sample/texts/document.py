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

    unit: the characters that are repeated.
    start: the character of the text at which the repetition begins, with the first character of the unit.
    line_width: the longest line where newlines break the repetition, which they may do in the middle of a unit; None
        where none does. Without these newlines the repetition is exact.
    """

    unit: str
    start: int
    line_width: int | None = None


@dataclass(frozen=True)
class Document:
    """A text of the corpus and the truth about it.

    kind: what of its category it is: a register, a language, a notation.
    is_code: None where neither code nor natural language would be right (a bare counting sequence).
    cut: how rows are made of it: `packed` end to end with others of its category and then cut; `whole`, every
        full row from its beginning on; or one `window`, which begins after at most `lead` of its tokens.
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
