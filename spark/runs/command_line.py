"""Build and parse the command line of a program from the options of its configuration."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from spark.reporting.reporter import Format
from spark.runs.invocation import called_name, this_command
from spark.runs.option_checks import read_config_file
from spark.runs.options import RunConfiguration, declared_options
from utils import VERSION, UserError, nearest, printable


@dataclass(frozen=True)
class CommandLine:
    """The texts of a program's `--help`, the class that declares its options, and the function that builds it."""

    program: str
    description: str
    epilog: str
    configuration: type[RunConfiguration]
    build: Callable[[dict[str, Any]], RunConfiguration]


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
    parsed = vars(make_parser(command_line).parse_args(arguments))
    plan_only, report, config = parsed.pop("plan", False), parsed.pop("report", "text"), parsed.pop("config", None)
    known = list(declared_options(command_line.configuration))
    options = read_config_file(Path(config), known) if config is not None else {}
    return Request(command_line.build(options | parsed), plan_only, report)


def make_parser(command_line: CommandLine) -> Parser:
    """Return the parser of a program; its errors are UserErrors."""
    parser = Parser(
        prog=called_name(command_line.program),
        description=command_line.description,
        epilog=command_line.epilog,
        argument_default=argparse.SUPPRESS,
        allow_abbrev=False,
    )
    for name, option in declared_options(command_line.configuration).items():
        if option.metavar is not None:
            parser.add_argument(f"--{name}", metavar=option.metavar, help=option.help.replace("%", "%%"))
    parser.add_argument("--config", metavar="FILE", help="YAML file of these options; the command line overrides it")
    parser.add_argument("--plan", action="store_true", help="print what would be done, and stop")
    report = parser.add_mutually_exclusive_group()
    for name, text in (("quiet", "print only failures"), ("json", "print one line of JSON per event")):
        report.add_argument(f"--{name}", dest="report", action="store_const", const=name, help=text)
    parser.add_argument("--version", action="version", version=f"%(prog)s {VERSION}", help="print the version")
    return parser
