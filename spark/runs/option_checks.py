"""Checks of option values, for every program."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from utils import UserError, nearest, printable


def read_config_file(path: Path, known: Sequence[str]) -> dict[str, Any]:
    """The options that a YAML file sets; raises UserError where it cannot be read or has keys that are not known."""
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
    """A value as a message shows it: safe to print, and short."""
    return repr(printable(str(value)[:200]))


def as_text(name: str, value: Any) -> str:
    """An option that is a text; raises UserError where it is none, or empty."""
    if not isinstance(value, str) or not value:
        raise UserError(f"{name}: expected text, found {shown(value)}.")
    return value


def as_revisions(value: Any) -> tuple[tuple[str, str], ...]:
    """The option `revisions`; raises UserError where it is no mapping."""
    if not isinstance(value, dict):
        raise UserError(f"revisions: expected a mapping of Hub id to revision, found {shown(value)}.")
    return tuple(sorted((str(key), str(revision)) for key, revision in value.items()))


def as_names(name: str, value: Any) -> tuple[str, ...]:
    """An option that is a list of names, each once; raises UserError where it is none."""
    items = value.split(",") if isinstance(value, str) else value
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        raise UserError(f"{name}: expected names (a list, or one text with commas), found {shown(value)}.")
    names = tuple(dict.fromkeys(item.strip() for item in items))
    if not names or not all(names):
        raise UserError(f"--{name}: expected names with commas between them, found {printable(str(value))!r}.")
    return names


def as_integer(name: str, value: Any, smallest: int) -> int:
    """An option that is a whole number; raises UserError where it is none, or below the smallest."""
    try:
        number = int(value) if isinstance(value, (int, str)) and not isinstance(value, bool) else None
    except ValueError:
        number = None
    if number is None or not smallest <= number < 2**63:
        raise UserError(f"--{name}: expected a whole number from {smallest} on, found {printable(str(value))!r}.")
    return number


def as_share(name: str, value: Any, largest: int = 1) -> float:
    """An option that is a number above 0, at most the largest; raises UserError where it is none."""
    try:
        number = float(value) if isinstance(value, (int, float, str)) and not isinstance(value, bool) else math.nan
    except ValueError:
        number = math.nan
    if not 0 < number <= largest:
        found = printable(str(value)[:200])
        raise UserError(f"--{name}: expected a number above 0, at most {largest}, found {found!r}.")
    return number
