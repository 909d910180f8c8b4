"""A run: every split in its turn, with its record, and events for whoever reports them."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from filters.contract import Filter
from spark import events
from spark.configuration import Configuration
from spark.disk_space import require_space
from spark.failures import failure_message
from spark.interruption import Interruption
from spark.locating import LocatedSplit, locate_split
from spark.lock import require_unlocked, run_lock
from spark.model_workers import cores_a_task
from spark.progress import RunProgress
from spark.reporting import Reporter
from spark.run_directory import Logs, keep_logs, log_to_file, logs_of, make_directory
from spark.run_record import RunRecord, open_record
from spark.session import explained, start_session, stop_session
from spark.split import Split
from spark.split_run import TEMPORARY, SplitRun
from spark.storage import AnyPath, discard, require_reachable, storage_path
from spark.summary import make_plan
from spark.tables import TableReader
from utils import printable

if TYPE_CHECKING:
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

SPARK_UI_PORT = "4040"

log = logging.getLogger("memorization")


@dataclass
class Run:
    """What a run is to do: these splits, by these filters, into this directory.

    record: what `run.json` says, once the run has begun.
    """

    run_id: str
    configuration: Configuration
    filters: tuple[Filter, ...]
    splits: list[Split]
    reporter: Reporter
    interruption: Interruption
    record: RunRecord | None = field(default=None, init=False)

    @property
    def directory(self) -> AnyPath:
        """Where everything that the run leaves lies."""
        return storage_path(self.configuration.output_dir) / self.run_id

    @property
    def cache_directory(self) -> Path:
        """Where Hub data is kept, on this machine or on what is mounted there."""
        return Path(self.configuration.cache_dir).expanduser()

    def plan(self) -> events.Plan:
        """What the run would do."""
        return make_plan(self.run_id, self.directory, self.splits, self.filters, self.configuration)

    def execute(self) -> int:
        """Measures the splits that are not complete yet; 0, or 1 where one of them failed."""
        require_reachable(self.directory)
        require_unlocked(self.directory)
        record = open_record(self.directory, self.run_id, self.configuration, self.filters)
        located = self._locate(record)
        make_directory(self.directory)
        with run_lock(self.directory):
            return self._execute([self._split_run(each) for each in located], record)

    def _execute(self, split_runs: Sequence[SplitRun], record: RunRecord) -> int:
        logs = logs_of(self.directory, self.cache_directory)
        log_to_file(logs.file)
        record.write()
        self.record = record
        try:
            self._measure(split_runs, record, logs)
        except BaseException as error:
            if self.interruption.signal is None:
                log.exception("the run ended")
                self._finish(record, "failed", f"{type(error).__name__}: {printable(str(error))}")
            raise
        finally:
            discard(self.directory / TEMPORARY)
            keep_logs(logs, self.directory)
        failed = any(split["status"] == "failed" for split in record.splits)
        self._finish(record, "failed" if failed else "complete")
        return int(failed)

    def finish_interrupted(self, go_on: str) -> None:
        """Notes and says how far the run came, and the command that does the rest."""
        if self.record is not None:
            self.record.finish("interrupted")
        splits = self.record.splits if self.record else []
        self.reporter.report(events.RunFinished("interrupted", str(self.directory), splits, go_on))

    def _finish(self, record: RunRecord, status: events.Status, error: str | None = None) -> None:
        record.finish(status, error)
        self.reporter.report(events.RunFinished(status, str(self.directory), record.splits))

    def _locate(self, record: RunRecord) -> list[LocatedSplit]:
        """Finds everything that the run reads, so that what is wrong is said before Spark starts."""

        def on_progress(message: str) -> None:
            self.interruption.check()
            self.reporter.report(events.FindingData(message))

        def locate(split: Split) -> LocatedSplit:
            self.interruption.check()
            return locate_split(split, self.filters, self.configuration, reader)

        on_progress("Finding the data")
        revisions = dict(self.configuration.revisions) | record.commits
        reader = TableReader(self.cache_directory, revisions, on_progress)
        located = [locate(each) for each in self.splits]
        self.interruption.check()
        record.commits = reader.commits()
        return located

    def _split_run(self, located: LocatedSplit) -> SplitRun:
        return SplitRun(located, self.filters, self.configuration, self.directory)

    def _measure(self, split_runs: Sequence[SplitRun], record: RunRecord, logs: Logs) -> None:
        discard(self.directory / TEMPORARY)  # of an earlier run that was killed
        for each in split_runs:
            each.note(record, from_earlier=True)
        known = [known_split(each) for each in split_runs]
        self.reporter.report(events.RunStarted(self.run_id, str(self.directory), known))
        to_do = [(run, split) for run, split in zip(split_runs, known, strict=True) if not split.complete]
        if not to_do:
            return
        bytes_needed = [run.estimated_bytes() or 0 for run, _ in to_do]
        require_space(self.directory, sum(bytes_needed), "The run")
        self.interruption.check()
        cores = cores_a_task(run.located.resources.language_model for run, _ in to_do)
        spark = start_session(f"memorization metrics {self.run_id}", logs, cores)
        self.interruption.cancel = spark.sparkContext.cancelAllJobs
        try:
            self.reporter.report(spark_started(spark.sparkContext))
            progress = RunProgress(self.reporter, [split for _, split in to_do])
            for number, ((run, split), needed) in enumerate(zip(to_do, bytes_needed, strict=True), 1):
                self.interruption.check()
                self.reporter.report(events.SplitStarted(split.split, split.rows, number, len(to_do)))
                self._measure_split(spark, run, needed, record, progress)
                record.write()
        finally:
            stop_session(spark)

    def _measure_split(
        self, spark: SparkSession, split_run: SplitRun, bytes_needed: int, record: RunRecord, progress: RunProgress
    ) -> None:
        """Measures one split and notes what came of it; a split that fails does not take the others with it."""
        name, before = split_run.located.split.description, len(record.splits)
        log.info("%s: begins", name)
        try:
            # Others may have filled the disk since the run began.
            require_space(self.directory, bytes_needed, name)
            with progress.split(spark.sparkContext) as rows_done:
                split_run.run(spark, rows_done)
        except Exception as error:
            self.interruption.check()
            log.exception("%s: failed", name)
            message = failure_message(explained(error), str(split_run.located.split.location))
            record.add_failure(name, message)
            self.reporter.report(events.SplitFailed(name, message))
            return
        split_run.note(record, from_earlier=False)
        log.info("%s: done", name)
        self.reporter.report(events.SplitComplete(name, record.splits[before:]))


def known_split(split_run: SplitRun) -> events.KnownSplit:
    """What is known of a split before any of its rows is read."""
    located, complete = split_run.located, split_run.already_written() is not None
    return events.KnownSplit(located.split.description, split_run.rows_known, located.files.bytes, complete)


def spark_started(context: SparkContext) -> events.SparkStarted:
    """Where Spark's UI is, and which port it was to have had if another program has that."""
    asked = context.getConf().get("spark.ui.port", SPARK_UI_PORT)
    found = urlsplit(context.uiWebUrl or "").port
    elsewhere = found is not None and asked != "0" and str(found) != asked
    return events.SparkStarted(context.uiWebUrl, int(asked) if elsewhere else None)
