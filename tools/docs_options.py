"""docs/options.md: every option of each program, from its parser."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import NamedTuple

from spark.runs.command_line import make_parser
from tools.markdown import code, table
from tools.programs import command_lines

INTRODUCTION = """\
# Options

Every option is also a key of a `--config` YAML file, except `--config`, `--plan`, `--quiet`, `--json` and `--version`.
The command line overrides the file. A YAML file has one key more: [`revisions`](models.md#pin-the-revision), the
commit to read of each Hub id. Lists are separated by commas; in YAML they are lists.

"""


class OptionHelp(NamedTuple):
    """One option as the page shows it."""

    flag: str
    value: str | None
    help: str


def options_page() -> str:
    """Return the page: one section per program."""
    page = INTRODUCTION
    for parser in map(make_parser, command_lines().values()):
        options = table(("option", "value", "what it does"), map(_row, options_of(parser)))
        page += f"## {parser.prog}\n\n{parser.description}\n\n{options}\n"
    return page.rstrip("\n") + "\n"


def options_of(parser: argparse.ArgumentParser) -> Iterator[OptionHelp]:
    """Yield the options of a parser, in its order; `--help` is left out."""
    for action in parser._actions:
        if isinstance(action, argparse._HelpAction):
            continue
        value = None if action.nargs == 0 else str(action.metavar)
        yield OptionHelp(action.option_strings[-1], value, (action.help or "").replace("%%", "%"))


def _row(option: OptionHelp) -> tuple[str, str, str]:
    return f"`{option.flag}`", code(option.value) if option.value else "", option.help
