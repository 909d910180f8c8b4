"""The directory of a run, and its log."""

from __future__ import annotations

import logging
from pathlib import Path

from spark.session.logs import Logs
from spark.storage.paths import AnyPath, files_below, write_at_once
from utils import UserError, printable, printable_lines


def make_directory(path: AnyPath) -> None:
    """Creates the run's directory; raises UserError where it cannot be written."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        write_at_once(path / ".writable", "")
        (path / ".writable").unlink()
    except (OSError, ValueError) as error:
        reason = printable(getattr(error, "strerror", None) or str(error))
        raise UserError(f"--output_dir: {printable(str(path))} cannot be written: {reason}.") from None


def logs_of(run_directory: AnyPath, cache_directory: Path) -> Logs:
    """The logs in a run's directory, or, where that is on shared storage, in the cache until the run ends."""
    directory = run_directory
    if not isinstance(directory, Path):
        directory = cache_directory / "logs" / run_directory.name
    logs = Logs(directory / "run.log", directory / "spark-events")
    directory.mkdir(parents=True, exist_ok=True)
    return logs


def keep_logs(logs: Logs, run_directory: AnyPath) -> None:
    """Copies the logs of a run on shared storage there."""
    if isinstance(run_directory, Path):
        return
    for name, path in files_below(logs.file.parent).items():
        target = run_directory / name.as_posix()
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())


class PrintableFormatter(logging.Formatter):
    """Lines that are safe to show in a terminal, whatever text of the data is in them."""

    def format(self, record: logging.LogRecord) -> str:
        """The record with its traceback, if it has one."""
        return printable_lines(super().format(record).expandtabs(4))


def log_to_file(path: Path) -> None:
    """Sends the log of this program and of its libraries to a file."""
    if path.is_symlink():
        path.unlink()  # what it leads to lies elsewhere
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(PrintableFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.getLogger().addHandler(handler)
    logging.getLogger("memorization").setLevel(logging.INFO)
    logging.captureWarnings(True)
    logging.raiseExceptions = False  # a disk too full to log on is said once, in words
