"""docs/options.md: every option of each program, from its parser."""

from __future__ import annotations

import argparse
import re
from typing import NamedTuple

from spark.runs.command_line import make_parser
from tools.markdown import code, table
from tools.programs import command_lines

INTRODUCTION = """\
# Options

Every option is also a key of a `--config` YAML file, except `--config`, `--plan`, `--quiet`,
`--json`, `--list_filters` and `--version`.
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
        page += f"## {parser.prog}\n\n{parser.description}\n\n"
        for heading, options in options_of(parser).items():
            page += f"### {heading.capitalize()}\n\n"
            page += table(("option", "value", "what it does"), map(_row, options)) + "\n"
    return page.rstrip("\n") + "\n"


def options_of(parser: argparse.ArgumentParser) -> dict[str, list[OptionHelp]]:
    """Return the options of a parser by the heading of their group, in its order; `--help` is left out."""
    found: dict[str, list[OptionHelp]] = {}
    for group in parser._action_groups:
        for action in group._group_actions:
            if not isinstance(action, argparse._HelpAction):
                value = None if action.nargs == 0 else str(action.metavar)
                text = (action.help or "").replace("%%", "%")
                found.setdefault(str(group.title), []).append(OptionHelp(action.option_strings[-1], value, text))
    return found


def _row(option: OptionHelp) -> tuple[str, str, str]:
    values = " or ".join(map(code, option.value.split("|"))) if option.value else ""
    return f"`{option.flag}`", values, re.sub(r"--\w+|\{\w+\}", r"`\g<0>`", option.help)
