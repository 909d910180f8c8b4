"""Small pieces of Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table; `|` in a cell is escaped."""
    lines = [header, ["---"] * len(header), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def sentence(text: str) -> str:
    """Return a phrase as a sentence: an upper-case first letter and a full stop."""
    return text[:1].upper() + text[1:].rstrip(".") + "."


def code(text: str) -> str:
    """Return the text in backticks; in two where it holds one."""
    return f"`` {text} ``" if "`" in text else f"`{text}`"
