"""Readers of documentation files: natural language, with the code that it shows marked as code."""

from __future__ import annotations

import gettext
import html
import re
import unicodedata
from pathlib import Path

from tools.code_or_natural_language.documents import Part, is_comment_prose, is_plain, is_prose

_ROFF_FONT = re.compile(r"\\f(?:\[\w*\]|\(..|.)|\\[&|^/,%:!]|\\s[+-]?\d|\\[hvw]'[^']*'|\\c$|\\\*\(..|\\\*.")
_ROFF_ACCENT = re.compile(r"\\\(([`'^:,~])(\w)")
_COMBINING = dict(zip("`'^:,~", "\u0300\u0301\u0302\u0308\u0327\u0303", strict=True))
_ROFF_SIGNS = {
    r"\-": "-",
    r"\(em": "—",
    r"\(en": "\u2013",
    r"\(bu": "•",
    r"\(co": "©",
    r"\(aq": "'",
    r"\*(Aq": "'",
    r"\(Fo": "«",
    r"\(Fc": "»",
    r"\(dq": '"',
}
_ROFF_TEXT_MACROS = re.compile(r"^\.\s*(?:[BIR]{1,2}|SM|SB|SS|SH|Nm|Xr|Ar|Fl|Pa|Em|Sy|Cm|Dv)\b\s*(.*)$")
_INLINE_MARKUP = re.compile(
    r":[\w:-]+:(?=`)|``?[^`\n]*``?_*|\]\([^()\s]*\)|<https?:[^<>]*>|^[-=~^*#.`]{3,}$", re.MULTILINE
)
_TAG = re.compile(r"<[^<>]*>")
_HTML_BLOCK = re.compile(r"<(p|li|dd|h[1-4]|pre)\b[^>]*>(.*?)</\1>", re.DOTALL | re.IGNORECASE)
_HTML_HIDDEN = re.compile(r"<(script|style|head|nav)\b.*?</\1>", re.DOTALL | re.IGNORECASE)


def man_parts(text: str) -> tuple[Part, ...]:
    """Return a man page without its roff markup: filled text is natural language, unfilled examples are code."""
    lines: list[Part] = []
    example = False
    title = re.search(r"^\.(?:TH|Dt)\b.*$", text, re.MULTILINE)
    for line in text[title.end() if title else 0 :].splitlines():
        if line.startswith((".nf", ".EX", ".Bd -literal")):
            example = True
        elif line.startswith((".fi", ".EE", ".Ed")):
            example = False
        if line.startswith((".", "'")):
            macro = _ROFF_TEXT_MACROS.match(line)
            if macro is None:
                lines.append(("\n", False))
                continue
            line = macro.group(1).replace('"', "")
        line = _ROFF_ACCENT.sub(lambda m: unicodedata.normalize("NFC", m[2] + _COMBINING[m[1]]), line)
        for sign, character in _ROFF_SIGNS.items():
            line = line.replace(sign, character)
        line = _ROFF_FONT.sub("", line).replace("\\e", "\\").replace("\\ ", " ")
        lines.append((line + "\n", example))
    return _paragraphs_of_lines(lines)


def _paragraphs_of_lines(lines: list[Part]) -> tuple[Part, ...]:
    """Join neighbouring lines of one kind into paragraphs; paragraphs full of signs count as code."""
    parts: list[Part] = []
    for line, code in lines:
        if parts and parts[-1][1] == code and line.strip() and not parts[-1][0].endswith("\n\n"):
            parts[-1] = (parts[-1][0] + line, code)
        else:
            parts.append((line, code))
    return tuple((text, code or not is_plain(text)) for text, code in parts)


def marked_up_parts(text: str) -> tuple[Part, ...]:
    """Return the blocks of a reStructuredText, Markdown or plain text file.

    Fenced, indented and directive blocks are code, unless they read as prose.
    """
    parts: list[Part] = []
    fenced = False
    after_colons = False
    for block in re.split(r"(?<=\n)(?=\s*\n)", text):
        fences = len(re.findall(r"^\s*(?:```|~~~)", block, re.MULTILINE))
        indented = block.strip() != "" and all(
            line.startswith((" ", "\t")) for line in block.splitlines() if line.strip()
        )
        literal = fenced or fences > 0 or (after_colons and indented) or bool(re.match(r"\s*\.\. [\w-]+::", block))
        if literal:
            parts.append((block, not is_comment_prose(block)))
        else:
            # Quoted names and roles are inline markup: the sentence around them is still natural language.
            parts.append((block, not is_plain(_INLINE_MARKUP.sub(" name ", block))))
            after_colons = block.rstrip().endswith("::")
        fenced ^= fences % 2 == 1
    return tuple(parts)


def pod_parts(text: str) -> tuple[Part, ...]:
    """Return the plain old documentation of a Perl file: indented paragraphs are code, the rest natural language."""
    parts: list[Part] = []
    for pod in re.findall(r"^=(?:pod|head\d|over|item|begin)\b.*?(?:^=cut|\Z)", text, re.DOTALL | re.MULTILINE):
        for paragraph in re.split(r"(?<=\n)(?=\s*\n)", pod):
            bare = re.sub(r"^=\w+ ?", "", paragraph, flags=re.MULTILINE)
            bare = re.sub(r"[A-Z]<([^<>]*)>", r"\1", bare)
            parts.append((bare, bare.strip("\n").startswith((" ", "\t")) or not is_plain(bare)))
    return tuple(parts)


def html_text_parts(text: str) -> tuple[Part, ...]:
    """Return the visible text of an HTML page: paragraphs are natural language, preformatted blocks are code."""
    parts: list[Part] = []
    for tag, inner in _HTML_BLOCK.findall(_HTML_HIDDEN.sub("", text)):
        shown = html.unescape(_TAG.sub("", inner))
        if tag.lower() == "pre":
            parts.append((shown + "\n", True))
        elif is_prose(shown, 4):
            parts.append((re.sub(r"\s*\n\s*", " ", shown) + "\n\n", False))
    return tuple(parts)


def translation_parts(path: Path) -> tuple[Part, ...]:
    """Return the translated sentences of a gettext catalogue."""
    try:
        with path.open("rb") as file:
            catalogue = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]
    except (OSError, ValueError, UnicodeDecodeError, LookupError):
        return ()
    sentences = [
        value.strip() + (" " if len(value) > 60 else "\n")
        for key, value in catalogue.items()
        if key and isinstance(value, str) and len(value) > 30 and "%" not in value and is_prose(value, 4)
    ]
    return tuple((sentence, False) for sentence in sentences)


def package_description_parts(text: str) -> tuple[Part, ...]:
    """Return the package descriptions of a Debian status file."""
    descriptions = re.findall(r"^Description: (.*\n(?: .*\n)*)", text, re.MULTILINE)
    cleaned = (re.sub(r"^ \.?", "", description, flags=re.MULTILINE) for description in descriptions)
    return tuple((description + "\n", False) for description in cleaned if is_prose(description))


def licence_parts(text: str) -> tuple[Part, ...]:
    """Return a licence as one part: legal boilerplate is natural language in any formatting."""
    return ((text, False),)
