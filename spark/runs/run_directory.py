"""Name and create the directory of a run, and write its log."""

from __future__ import annotations

import logging
from pathlib import Path

from spark.runs.options import RunConfiguration
from spark.session.logs import Logs
from spark.storage.paths import AnyPath, files_below, is_local, storage_path, write_at_once
from utils import UserError, printable, printable_lines


def run_directory(configuration: RunConfiguration, run_id: str) -> AnyPath:
    """Return the directory of a run: its name in `--output_dir`."""
    return storage_path(configuration.output_dir) / run_id


def make_directory(path: AnyPath) -> None:
    """Create the run's directory. Raise UserError if it is not writable."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        write_at_once(path / ".writable", "")
        (path / ".writable").unlink()
    except (OSError, ValueError) as error:
        reason = printable(getattr(error, "strerror", None) or str(error))
        raise UserError(
            f"--output_dir: cannot write to {printable(str(path))}: {reason}.\nGive another directory."
        ) from None


def logs_of(run_directory: AnyPath, cache_directory: Path) -> Logs:
    """Return where the run logs: its own directory, or the cache if that is on shared storage."""
    directory = run_directory if is_local(run_directory) else cache_directory / "logs" / run_directory.name
    logs = Logs(directory / "run.log", directory / "spark-events")
    directory.mkdir(parents=True, exist_ok=True)
    return logs


def keep_logs(logs: Logs, run_directory: AnyPath) -> None:
    """Copy the logs from the cache to the run's directory, if that is on shared storage."""
    if is_local(run_directory):
        return
    for name, path in files_below(logs.file.parent).items():
        target = run_directory / name.as_posix()
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())


class PrintableFormatter(logging.Formatter):
    """Format log lines so that text from the data is safe to show in a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as text, with its traceback if it has one."""
        return printable_lines(super().format(record).expandtabs(4))


def log_to_file(path: Path) -> None:
    """Write the log of this program and its libraries to a file."""
    if path.is_symlink():
        path.unlink()  # never write through a symbolic link
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(PrintableFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.getLogger().addHandler(handler)
    logging.getLogger("memorization").setLevel(logging.INFO)
    logging.captureWarnings(True)
    logging.raiseExceptions = False  # a full disk is reported once, by the run itself
