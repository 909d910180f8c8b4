"""The error that a user sees, with what its messages need: suggestions, and text that is safe to print."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class UserError(Exception):
    """What a user can put right: one or two lines of what was expected, what was found and what to do."""


def nearest(name: str, known: Iterable[str]) -> str:
    """` (did you mean NAME?)` for the known name closest to `name`, or nothing where none is close."""
    close = difflib.get_close_matches(name.lower(), list(known), n=1, cutoff=0.6)
    return f" (did you mean {close[0]}?)" if close else ""


def require_known(kind: str, names: Iterable[str], known: Iterable[str]) -> None:
    """Raises UserError for the first of `names` that is not `known`, with the known and the nearest."""
    known = list(known)
    for name in names:
        if name not in known:
            raise UserError(f"Unknown {kind} {printable(name)!r}{nearest(name, known)}.\nKnown: {', '.join(known)}.")


def printable(text: str) -> str:
    """The text with control characters and terminal escapes shown as escapes, so that it is safe to print."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def printable_lines(text: str) -> str:
    """The text as `printable` gives it, but for the ends of its lines."""
    return "\n".join(printable(line) for line in text.split("\n"))
