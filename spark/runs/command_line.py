"""Build and parse the command line of a program from the options of its configuration."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from spark.reporting.reporter import Format
from spark.runs.completion import Names, complete
from spark.runs.invocation import called_name, this_command
from spark.runs.option_checks import read_config_file
from spark.runs.options import FLAG, RUN, RunConfiguration, declared_options
from utils import VERSION, UserError, nearest, printable


@dataclass(frozen=True)
class CommandLine:
    """The command line of a program.

    examples: arguments and what they do, for `--help`. configuration: the class that declares the options.
    build: returns the configuration. listings: flags that print a text and exit, with their help and the text.
    completed: the names that a shell completes as the value of an option, by option.
    """

    program: str
    description: str
    epilog: str
    configuration: type[RunConfiguration]
    build: Callable[[dict[str, Any]], RunConfiguration]
    examples: tuple[tuple[str, str], ...] = ()
    listings: tuple[tuple[str, str, Callable[[], str]], ...] = ()
    completed: Mapping[str, Names] = field(default_factory=dict)


class Request(NamedTuple):
    """A parsed command line: the configuration, whether to only plan, and how to report."""

    configuration: Any  # an instance of `CommandLine.configuration`
    plan_only: bool
    report: Format


class Parser(argparse.ArgumentParser):
    """An argument parser that raises UserError, with the nearest option for a typo."""

    def error(self, message: str) -> NoReturn:
        """Raise UserError."""
        unknown = message.removeprefix("unrecognized arguments: ").split()
        hint = ""
        if message.startswith("unrecognized arguments") and unknown:
            names = [option for action in self._actions for option in action.option_strings]
            hint = nearest(unknown[0].split("=")[0], names)
        raise UserError(f"{printable(message)}{hint}.\nTry: {this_command()} --help")


def read_command_line(command_line: CommandLine, arguments: list[str] | None) -> Request:
    """Parse the arguments; they override the file of `--config`. Raise UserError for invalid ones."""
    parser = make_parser(command_line)
    complete(parser, command_line.completed)
    parsed = vars(parser.parse_args(arguments))
    plan_only, report, config = parsed.pop("plan", False), parsed.pop("report", "text"), parsed.pop("config", None)
    known = list(declared_options(command_line.configuration))
    options = read_config_file(Path(config), known) if config is not None else {}
    return Request(command_line.build(options | parsed), plan_only, report)


def make_parser(command_line: CommandLine) -> Parser:
    """Return the parser of a program; its errors are UserErrors."""
    parser = Parser(
        prog=called_name(command_line.program),
        usage="%(prog)s [options]",
        description=command_line.description,
        epilog=_epilog(command_line),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        argument_default=argparse.SUPPRESS,
        allow_abbrev=False,
    )
    groups: dict[str, argparse._ArgumentGroup] = {}
    for name, option in declared_options(command_line.configuration).items():
        if option.metavar is not None:
            if option.group not in groups:
                groups[option.group] = parser.add_argument_group(option.group)
            value: dict[str, Any] = {"action": "store_true"} if option.metavar == FLAG else {"metavar": option.metavar}
            groups[option.group].add_argument(f"--{name}", help=option.help.replace("%", "%%"), **value)
    run = groups[RUN]
    run.add_argument("--config", metavar="FILE", help="YAML file of these options; the command line overrides it")
    run.add_argument("--plan", action="store_true", help="print what would be done, and stop")
    report = run.add_mutually_exclusive_group()
    for name, text in (("quiet", "print only failures"), ("json", "print one line of JSON per event")):
        report.add_argument(f"--{name}", dest="report", action="store_const", const=name, help=text)
    for name, text, listing in command_line.listings:
        run.add_argument(f"--{name}", action=_Listing, listing=listing, help=text)
    run.add_argument("--version", action="version", version=f"%(prog)s {VERSION}", help="print the version")
    return parser


def _epilog(command_line: CommandLine) -> str:
    """Return the end of the help: the examples, each below what it does, and where to read more."""
    lines = [f"  # {text}\n  {this_command()} {arguments}".rstrip() for arguments, text in command_line.examples]
    return "\n".join(["examples:", *lines, "", command_line.epilog] if lines else [command_line.epilog])


class _Listing(argparse.Action):
    """An option without a value that prints a text and exits."""

    def __init__(self, option_strings: list[str], dest: str, listing: Callable[[], str], **settings: Any) -> None:
        super().__init__(option_strings, dest, nargs=0, **settings)
        self.listing = listing

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        print(self.listing())
        parser.exit()
