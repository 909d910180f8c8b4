"""The directory of a run, and the log in it."""

from __future__ import annotations

import logging
from pathlib import Path

from utils import UserError, printable


def make_directory(path: Path) -> None:
    """Creates the run's directory; raises UserError where it cannot be written."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        (path / "run.log").touch()
    except (OSError, ValueError) as error:
        reason = printable(getattr(error, "strerror", None) or str(error))
        raise UserError(f"--output_dir: {printable(str(path))} cannot be written: {reason}.") from None


def log_to_file(path: Path) -> None:
    """Sends the log of this program and of its libraries to a file."""
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.getLogger().addHandler(handler)
    logging.getLogger("memorization").setLevel(logging.INFO)
    logging.captureWarnings(True)
