"""Whether the disk has room for what a run will write."""

from __future__ import annotations

import shutil
from pathlib import Path

from spark.storage.paths import AnyPath
from utils import UserError, printable


def require_space(directory: AnyPath, needed: int, what: str) -> None:
    """Raises UserError where fewer bytes are free in a directory than needed; shared storage does not say."""
    if not isinstance(directory, Path):
        return
    free = shutil.disk_usage(directory).free
    if needed > free:
        raise UserError(
            f"{what} would take about {needed / 1e9:,.2f} GB in {printable(str(directory))}, and {free / 1e9:,.2f} GB "
            "are free.\nFree some, give another --output_dir, or ask for less."
        )
