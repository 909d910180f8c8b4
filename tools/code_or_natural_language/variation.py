"""Variations of natural language: unwrapped, in curly quotes, in capitals, in comments, with markup."""

from __future__ import annotations

import re
import textwrap
from dataclasses import replace

import numpy as np

from tools.code_or_natural_language.documents import Document, Part

_COMMENT_SIGNS = ("// ", " * ", "# ", "; ", "-- ", "% ", "    ", "/// ", " ~ ", "** ", "REM ", "! ", "\t", "//", "dnl ")
_SINGLE_NEWLINE = re.compile(r"(?<=[^\s])[ \t]*\n[ \t]*(?=[^\s*•-])")
# Markup before and after a few words; only before them if the second is None.
_INLINE_MARKUP: tuple[tuple[str, str | None], ...] = (
    ("<b>", "</b>"),
    ("<i>", "</i>"),
    ("<em>", "</em>"),
    ("<strong>", "</strong>"),
    ("<code>", "</code>"),
    ("<span>", "</span>"),
    ('<a href="/{word}">', "</a>"),
    ('<a href="http://www.{word}.com/{word}/{number}">', "</a>"),
    ("</p>\n<p>", None),
    ("<br>", None),
    ("<br />\n", None),
    ("&nbsp;", None),
    ("*", "*"),
    ("**", "**"),
    ("_", "_"),
    ("`", "`"),
    ("[", "](https://{word}.org/{word})"),
    ("[[", "]]"),
    ("[[{word}|", "]]"),
    ("\\emph{{", "}}"),
    ("\\textit{{", "}}"),
    ("\\cite{{{word}{number}}}", None),
    ("$", "$"),
    ('[{number}](#R{number}){{ref-type="bib"}}', None),
    ("\\[[@B{number}]\\]", None),
    ("[@{word}{number}]", None),
    ("^{number}^", None),
    ("{{@link ", "}}"),
    ("<tt>", "</tt>"),
    ("''", "''"),
)


_MARKED_UP_SHARE = 0.12


def vary(document: Document, rng: np.random.Generator) -> Document:
    """Return the document with its natural language varied at random, or unchanged."""
    parts = document.parts
    comment_odds = 0.6 if "licence" in document.kind else 0.02
    if rng.random() < comment_odds and not any(code for _, code in parts):
        sign = str(rng.choice(_COMMENT_SIGNS))
        width = int(rng.integers(50, 100))
        return replace(document, parts=tuple(_in_comment(part, sign, width) for part in parts))
    if rng.random() < _MARKED_UP_SHARE:
        return replace(document, parts=tuple(_marked_up(parts, rng)))
    changes = rng.random(4)
    if changes[0] < 0.6:
        parts = tuple((text if code else _SINGLE_NEWLINE.sub(" ", text), code) for text, code in parts)
    if changes[1] < 0.25:
        parts = tuple((text if code else _curl(text), code) for text, code in parts)
    if changes[2] < 0.02:
        parts = tuple((text if code else text.upper(), code) for text, code in parts)
    elif changes[2] < 0.05:
        parts = tuple((text if code else text.lower(), code) for text, code in parts)
    if changes[3] < 0.1:
        parts = tuple((re.sub(r"\n(?!\n)", "\n\n", text) if not code else text, code) for text, code in parts)
    return replace(document, parts=parts)


def _curl(text: str) -> str:
    return re.sub(r'"(.*?)"', r"“\1”", text).replace("'", "\u2019")


def _in_comment(part: Part, sign: str, width: int) -> Part:
    text, code = part
    paragraphs = (textwrap.wrap(paragraph, width) or [""] for paragraph in text.split("\n\n"))
    lines = [line for paragraph in paragraphs for line in [*paragraph, ""]]
    return "".join(f"{sign}{line}\n" for line in lines), code


def _marked_up(parts: tuple[Part, ...], rng: np.random.Generator) -> list[Part]:
    """Return the parts with markup around or before a few words in every ten to forty; the markup counts as code."""
    styles = [_INLINE_MARKUP[int(i)] for i in rng.integers(0, len(_INLINE_MARKUP), int(rng.integers(1, 4)))]
    stride = int(rng.integers(10, 40))
    marked: list[Part] = []
    for text, code in parts:
        if code:
            marked.append((text, code))
            continue
        words = re.split(r"(?<=\s)(?=\S)", _SINGLE_NEWLINE.sub(" ", text))
        for begin in range(0, len(words), stride):
            opening, closing = styles[int(rng.integers(len(styles)))]
            chosen = words[begin : begin + int(rng.integers(1, 5))]
            name = re.sub(r"\W", "", chosen[0]).lower() or "note"
            values = {"word": name, "number": int(rng.integers(1, 200))}
            inside = "".join(chosen)
            marked += [(opening.format(**values), True), (inside.rstrip(), False)]
            if closing is not None:
                marked.append((closing.format(**values), True))
            marked += [
                (inside[len(inside.rstrip()) :], False),
                ("".join(words[begin + len(chosen) : begin + stride]), False),
            ]
    return marked
