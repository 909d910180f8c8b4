"""What the command lines of all programs share."""

from __future__ import annotations

import argparse
from typing import NoReturn

from utils import UserError, nearest, printable


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one or two lines, with the nearest option."""

    def error(self, message: str) -> NoReturn:
        unknown = message.removeprefix("unrecognized arguments: ").split()
        hint = ""
        if message.startswith("unrecognized arguments") and unknown:
            names = [option for action in self._actions for option in action.option_strings]
            hint = nearest(unknown[0].split("=")[0], names)
        raise UserError(f"{printable(message)}{hint}.\nTry: python {self.prog} --help")


def add_reporting(parser: argparse.ArgumentParser) -> None:
    """The options of every driver that say what it tells."""
    parser.add_argument("--plan", action="store_true", help="print what would be done, and stop")
    report = parser.add_mutually_exclusive_group()
    for name, text in (("quiet", "print nothing but failures"), ("json", "print one line of JSON an event")):
        report.add_argument(f"--{name}", dest="report", action="store_const", const=name, help=text)
