"""Readers of source files: code, and the natural language of comments, docstrings and text nodes."""

from __future__ import annotations

import io
import re
import tokenize

from tools.code_or_natural_language.documents import Part, is_comment_prose, is_prose

_C_COMMENT = re.compile(r"/\*.*?\*/|(?:^[ \t]*//[^\n]*\n?)+|//[^\n]*", re.DOTALL | re.MULTILINE)
_HASH_COMMENT = re.compile(r"(?:^[ \t]*#(?!include|define|if|el|end|pragma|undef|error|!)[^\n]*\n?)+", re.MULTILINE)
_QUOTE_COMMENT = re.compile(r'(?:^[ \t]*"[^\n"]*\n)+', re.MULTILINE)
_SEMICOLON_COMMENT = re.compile(r"(?:^[ \t]*;[^\n]*\n?)+", re.MULTILINE)
_DASH_COMMENT = re.compile(r"(?:^[ \t]*--[^\n]*\n?)+|/\*.*?\*/", re.MULTILINE | re.DOTALL)
_MARKUP_TEXT = re.compile(r"(?<=>)[^<>]+(?=<)|<!--.*?-->", re.DOTALL)
_STRING = re.compile(r'(?<=")(?:[^"\n\\]|\\.){20,}(?=")|(?<=: )[A-Z][^\n"{}\[\]]{30,}$', re.MULTILINE)
_DOCTEST = re.compile(r"^[ \t]*(?:>>>|\.\.\.|In \[\d+\]:).*\n(?:(?![ \t]*\n|[ \t]*>>>).*\n)*", re.MULTILINE)

COMMENTS = {
    **dict.fromkeys(
        (".c", ".h", ".hpp", ".cc", ".cpp", ".cu", ".cuh", ".java", ".js", ".css", ".go", ".rs"), _C_COMMENT
    ),
    **dict.fromkeys((".cs", ".php", ".proto", ".mjs", ".ts"), _C_COMMENT),
    **dict.fromkeys(
        (".sh", ".tcl", ".cmake", ".pl", ".pm", ".mk", ".toml", ".rb", ".awk", ".am", ".in"), _HASH_COMMENT
    ),
    **dict.fromkeys((".yaml", ".yml"), re.compile(_HASH_COMMENT.pattern + "|" + _STRING.pattern, re.MULTILINE)),
    **dict.fromkeys((".html", ".xml", ".pom", ".svg", ".xsd", ".xsl", ".xhtml"), _MARKUP_TEXT),
    **dict.fromkeys((".json", ".csv"), _STRING),
    ".vim": _QUOTE_COMMENT,
    ".el": _SEMICOLON_COMMENT,
    ".sql": _DASH_COMMENT,
}


def prose_parts(text: str) -> list[Part]:
    """Return a docstring or comment in parts: doctests are code, other paragraphs code or natural language by rules."""
    parts: list[Part] = []
    end = 0
    for example in _DOCTEST.finditer(text):
        parts += [*_paragraphs(text[end : example.start()]), (example.group(), True)]
        end = example.end()
    return parts + _paragraphs(text[end:])


def _paragraphs(text: str) -> list[Part]:
    return [(piece, not is_comment_prose(piece)) for piece in re.split(r"(?<=\n)(?=[ \t*/#]*\n)", text) if piece]


def cut_at(pattern: re.Pattern[str], text: str) -> tuple[Part, ...]:
    """Return the text in parts: matches of the pattern are judged as comments, all else is code."""
    parts: list[Part] = []
    end = 0
    for comment in pattern.finditer(text):
        parts.append((text[end : comment.start()], True))
        parts += prose_parts(comment.group())
        end = comment.end()
    return (*parts, (text[end:], True))


def python_parts(text: str) -> tuple[Part, ...]:
    """Return a Python file in parts: docstrings and blocks of comment lines are judged, all else is code."""
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    spans: list[tuple[int, int]] = []
    statement_begins = True
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            span = (starts[token.start[0] - 1] + token.start[1], starts[token.end[0] - 1] + token.end[1])
            if token.type == tokenize.COMMENT:
                if spans and not text[spans[-1][1] : span[0]].strip():
                    spans[-1] = (spans[-1][0], span[1])
                else:
                    spans.append(span)
            elif token.type == tokenize.STRING and statement_begins and len(token.string) > 30:
                spans.append(span)
            elif token.type not in (tokenize.NL, tokenize.COMMENT):
                statement_begins = token.type in (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT)
    except (tokenize.TokenError, SyntaxError, IndexError):
        return ()
    parts: list[Part] = []
    end = 0
    for begin, stop in spans:
        parts.append((text[end:begin], True))
        parts += prose_parts(text[begin:stop])
        end = stop
    return (*parts, (text[end:], True))


_POD = re.compile(r"^=(?:pod|head\d|over|item|begin|encoding|for)\b.*?(?:^=cut\b[^\n]*\n|\Z)", re.DOTALL | re.MULTILINE)


def source_parts(suffix: str, text: str) -> tuple[Part, ...]:
    """Return a source file in parts, by its suffix; () if it cannot be parsed."""
    if suffix == ".py":
        return python_parts(text)
    if suffix in (".pl", ".pm"):
        text = _POD.sub("", text)
    pattern = COMMENTS.get(suffix)
    if pattern is _MARKUP_TEXT or pattern is _STRING:
        return _judge(pattern, text)
    return cut_at(pattern, text) if pattern else ((text, True),)


def _judge(pattern: re.Pattern[str], text: str) -> tuple[Part, ...]:
    parts: list[Part] = []
    end = 0
    for node in pattern.finditer(text):
        bare = node.group().strip("<!->")
        prose = is_prose(bare, 6) or (node.group().startswith("<!--") and is_comment_prose(bare))
        parts += [(text[end : node.start()], True), (node.group(), not prose)]
        end = node.end()
    return (*parts, (text[end:], True))
