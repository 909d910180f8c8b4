"""Check that numbered files, such as `train-00000-of-00003.parquet`, are all there."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePath

from spark.storage.paths import AnyPath
from utils import UserError, printable

# With the hash that the Hub's older conversions append.
SHARD = re.compile(r"(?P<name>.*?)(?P<number>\d{3,})-of-(?P<total>\d{3,})(?:-[0-9a-f]{8,})?(?P<suffix>\..*)?")
SHOWN = 3


def require_all_shards(directory: str, paths: Iterable[AnyPath | PurePath]) -> None:
    """Raise UserError if files say that they are some of several, and the others are not among the paths.

    directory: where they were looked for, for the message.
    """
    found: dict[tuple[str, str, str, str], set[int]] = {}
    for path in paths:
        if match := SHARD.fullmatch(path.name):
            key = (str(path.parent), match["name"], match["total"], match["suffix"] or "")
            found.setdefault(key, set()).add(int(match["number"]))
    for (_, name, total, suffix), numbers in found.items():
        # Most count from 0 to below the total; some, such as Pythia's, name the last number.
        expected = range(int(total) + (int(total) in numbers))
        missing = [f"{name}{number:0{len(total)}d}-of-{total}{suffix}" for number in expected if number not in numbers]
        if missing:
            more = f" and {len(missing) - SHOWN:,} more" if len(missing) > SHOWN else ""
            raise UserError(
                f"{printable(directory)}: expected {len(expected):,} files named {printable(name)}…-of-{total}"
                f"{printable(suffix)}, found {len(expected) - len(missing):,}: "
                f"missing {', '.join(map(printable, missing[:SHOWN]))}{more}.\n"
                "Copy the missing files, or name those that you want to read with a pattern such as 'folder/*-of-*'."
            )
