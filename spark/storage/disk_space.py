"""Check that the disk has room for the output of a run."""

from __future__ import annotations

import shutil

from spark.storage.paths import AnyPath, is_local
from utils import UserError, printable


def require_space(directory: AnyPath, needed: int, what: str) -> None:
    """Raise UserError if `directory` has fewer than `needed` bytes free.

    Shared storage reports no free space and is not checked.
    """
    if not is_local(directory):
        return
    free = shutil.disk_usage(directory).free
    if needed > free:
        raise UserError(
            f"{what} needs about {needed / 1e9:,.2f} GB in {printable(str(directory))}, "
            f"but only {free / 1e9:,.2f} GB are free.\n"
            "Free some space, choose another --output_dir, or measure less data."
        )
