"""The error type shown to users, and helpers for its messages: suggestions and safe printing."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class UserError(Exception):
    """An error that a user can fix; the message says what was expected, what was found and what to do."""


def nearest(name: str, known: Iterable[str]) -> str:
    """Return ` (did you mean NAME?)` for the known name closest to `name`; empty if none is close."""
    close = difflib.get_close_matches(name.lower(), list(known), n=1, cutoff=0.6)
    return f" (did you mean {close[0]}?)" if close else ""


def require_known(kind: str, names: Iterable[str], known: Iterable[str]) -> None:
    """Raise UserError for the first of `names` that is not `known`; suggest the nearest and list all known."""
    known = list(known)
    for name in names:
        if name not in known:
            raise UserError(f"Unknown {kind} {printable(name)!r}{nearest(name, known)}.\nKnown: {', '.join(known)}.")


def printable(text: str) -> str:
    """Return the text with control characters and terminal escapes shown as escapes."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def printable_lines(text: str) -> str:
    """Return the text as `printable` does, but keep the line breaks."""
    return "\n".join(printable(line) for line in text.split("\n"))
