"""A run: every split in its turn, with its record, its progress and its summary."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from filters.contract import Filter
from spark.configuration import Configuration
from spark.failures import failure_message
from spark.locating import LocatedSplit, locate_split
from spark.progress import RunProgress, run_progress
from spark.run_record import RunRecord, open_record
from spark.session import start_session
from spark.split import Split
from spark.split_run import SplitRun
from spark.summary import print_summary
from spark.tables import TableReader
from utils import UserError, printable

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

log = logging.getLogger("memorization")


@dataclass(frozen=True)
class Run:
    """What a run is to do: these splits, by these filters, into this directory."""

    run_id: str
    configuration: Configuration
    filters: tuple[Filter, ...]
    splits: list[Split]

    @property
    def directory(self) -> Path:
        """Where everything that the run leaves lies."""
        return Path(self.configuration.output_dir).expanduser() / self.run_id

    def execute(self, console: Console) -> int:
        """Measures the splits that are not complete yet; 0, or 1 where one of them failed."""
        record = open_record(self.directory, self.run_id, self.configuration, self.filters)
        located = self._locate(console, record)
        make_directory(self.directory)
        log_to_file(self.directory / "run.log")
        record.write()
        console.print(f"Run: {printable(str(self.directory))}", highlight=False, soft_wrap=True, markup=False)
        try:
            self._measure(console, located, record)
        except BaseException as error:
            status = "interrupted" if isinstance(error, KeyboardInterrupt) else "failed"
            record.finish(status, f"{type(error).__name__}: {printable(str(error))}")
            raise
        finally:
            if record.splits:
                print_summary(console, record.splits, self.directory)
        failed = any(split["status"] == "failed" for split in record.splits)
        record.finish("failed" if failed else "complete")
        return int(failed)

    def _locate(self, console: Console, record: RunRecord) -> list[LocatedSplit]:
        """Finds everything that the run reads, so that what is wrong is said before Spark starts."""
        revisions = dict(self.configuration.revisions) | record.commits
        with console.status("Finding the data") as status:
            reader = TableReader(
                Path(self.configuration.cache_dir).expanduser(),
                revisions,
                lambda message: status.update(printable(message)),
            )
            located = [locate_split(each, self.filters, self.configuration, reader) for each in self.splits]
        record.commits = reader.commits()
        return located

    def _measure(self, console: Console, located: list[LocatedSplit], record: RunRecord) -> None:
        runs = [SplitRun(each, self.filters, self.configuration, self.directory) for each in located]
        for each in runs:
            each.note(record, from_earlier=True)
        to_do = [each for each in runs if each.already_written() is None]
        if not to_do:
            console.print(f"Run {self.run_id} is complete already; nothing to do.", highlight=False)
            return
        with console.status("Starting Spark"):
            spark = start_session(f"memorization metrics {self.run_id}", self.directory)
        console.print(f"Spark UI: {spark.sparkContext.uiWebUrl}", highlight=False)
        try:
            with run_progress(console, len(to_do)) as progress:
                for each in to_do:
                    measure_split(spark, each, record, progress)
                    record.write()
        finally:
            spark.stop()


def measure_split(spark: SparkSession, split_run: SplitRun, record: RunRecord, progress: RunProgress) -> None:
    """Measures one split and notes what came of it; a split that fails does not take the others with it."""
    description = split_run.located.split.description
    log.info("%s: begins", description)
    try:
        with progress.split(spark.sparkContext, description):
            split_run.run(spark)
    except Exception as error:
        log.exception("%s: failed", description)
        record.add_failure(description, failure_message(error, str(split_run.located.split.location)))
        return
    split_run.note(record, from_earlier=False)
    log.info("%s: done", description)


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
    root = logging.getLogger()
    root.addHandler(handler)
    log.setLevel(logging.INFO)
    logging.captureWarnings(True)
