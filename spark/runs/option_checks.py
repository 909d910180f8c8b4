"""Checks of option values, and of the YAML file that sets them.

A check takes the name of an option and a value from the command line or a YAML file. It returns the value of the
configuration's field, or raises UserError.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import yaml

from utils import UserError, nearest, printable, require_known


def read_config_file(path: Path, known: Collection[str]) -> dict[str, Any]:
    """Return the options that a YAML file sets; raise UserError if it is unreadable or has an unknown key."""
    try:
        options = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())[:300]
        raise UserError(f"--config {printable(str(path))} cannot be read: {printable(reason)}") from None
    if options is None:
        return {}
    if not isinstance(options, dict):
        raise UserError(
            f"--config {printable(str(path))}: expected `option: value` lines, found {type(options).__name__}."
        )
    for key in options:
        if key not in known:
            found = f"unknown key {printable(str(key))!r}{nearest(str(key), known)}"
            raise UserError(f"--config {printable(str(path))}: {found}.\nKnown: {', '.join(known)}.")
    return options


def shown(value: Any) -> str:
    """Return a value as text for messages: quoted, printable, at most 200 characters of it."""
    return repr(printable(str(value)[:200]))


def as_text(name: str, value: Any) -> str:
    """Accept text that is not empty."""
    if not isinstance(value, str) or not value:
        raise UserError(f"{name}: expected text, found {shown(value)}.")
    return value


def as_flag(name: str, value: Any) -> bool:
    """Accept true or false."""
    if not isinstance(value, bool):
        raise UserError(f"{name}: expected true or false, found {shown(value)}.")
    return value


def as_revisions(name: str, value: Any) -> tuple[tuple[str, str], ...]:
    """Accept a mapping of Hub id to revision."""
    if not isinstance(value, dict):
        raise UserError(f"{name}: expected a mapping of Hub id to revision, found {shown(value)}.")
    return tuple(sorted((str(key), str(revision)) for key, revision in value.items()))


def as_names(name: str, value: Any) -> tuple[str, ...]:
    """Accept names, in a list or separated by commas; each is kept once."""
    items = value.split(",") if isinstance(value, str) else value
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        raise UserError(f"{name}: expected a list of names, or text with commas, found {shown(value)}.")
    names = tuple(dict.fromkeys(item.strip() for item in items))
    if not names or not all(names):
        raise UserError(f"--{name}: expected names separated by commas, found {printable(str(value))!r}.")
    return names


def integer_from(smallest: int) -> Callable[[str, Any], int]:
    """Return a check that accepts whole numbers from `smallest` to 2^63 - 1."""

    def as_integer(name: str, value: Any) -> int:
        try:
            number = int(value) if isinstance(value, (int, str)) and not isinstance(value, bool) else None
        except ValueError:
            number = None
        if number is None or not smallest <= number < 2**63:
            raise UserError(
                f"--{name}: expected a whole number of at least {smallest}, found {printable(str(value))!r}."
            )
        return number

    return as_integer


def integers_from(smallest: int) -> Callable[[str, Any], tuple[int, ...]]:
    """Return a check that accepts whole numbers from `smallest`, in a list or separated by commas."""
    check = integer_from(smallest)

    def as_integers(name: str, value: Any) -> tuple[int, ...]:
        items = value if isinstance(value, list) else str(value).split(",")
        return tuple(dict.fromkeys(check(name, item) for item in items))

    return as_integers


def number_up_to(largest: int) -> Callable[[str, Any], float]:
    """Return a check that accepts numbers above 0, up to `largest`."""

    def as_number(name: str, value: Any) -> float:
        try:
            number = float(value) if isinstance(value, (int, float, str)) and not isinstance(value, bool) else math.nan
        except ValueError:
            number = math.nan
        if not 0 < number <= largest:
            raise UserError(f"--{name}: expected a number above 0, at most {largest}, found {shown(value)}.")
        return number

    return as_number


def one_of(kind: str, names: Collection[str]) -> Callable[[str, Any], str]:
    """Return a check that accepts one of these names. kind: the noun for messages."""

    def as_name(name: str, value: Any) -> str:
        require_known(kind, [str(value)], names)
        return as_text(name, value)

    return as_name
