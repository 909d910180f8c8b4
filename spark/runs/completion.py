"""Complete options and their values in a shell.

argcomplete's shell code runs the program, with the typed line in environment variables.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterable, Mapping

Names = Callable[[], Iterable[str]]


def complete(parser: argparse.ArgumentParser, values: Mapping[str, Names]) -> None:
    """Print what may follow on the typed line and exit, if a shell asks for it; else do nothing.

    values: the names that an option takes, separated by commas, by option. Other values are completed as paths.
    """
    if "_ARGCOMPLETE" not in os.environ:
        return
    import argcomplete

    for action in parser._actions:
        if action.dest in values:
            action.completer = _completer(values[action.dest])  # type: ignore[attr-defined]
    argcomplete.autocomplete(parser, always_complete_options="long")


def _completer(names: Names) -> Callable[..., list[str]]:
    def candidates(prefix: str, **_: object) -> list[str]:
        """Return the names that are not on the line yet, each behind the names that are."""
        given, comma, _last = prefix.rpartition(",")
        return [f"{given}{comma}{name}" for name in names() if name not in given.split(",")]

    return candidates
