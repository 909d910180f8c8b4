"""A run: every job in its turn, with its record, and events for whoever reports them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar
from urllib.parse import urlsplit

from spark.reporting import events
from spark.reporting.progress import RunProgress
from spark.reporting.reporter import Reporter
from spark.runs.interruption import Interruption
from spark.runs.job import Job
from spark.runs.lock import require_unlocked, run_lock
from spark.runs.options import RunConfiguration
from spark.runs.run_directory import keep_logs, log_to_file, logs_of, make_directory
from spark.runs.run_record import RunRecord, open_record
from spark.session.failures import failure_message
from spark.session.logs import Logs
from spark.session.model_workers import cores_a_task
from spark.session.spark_session import explained, start_session, stop_session
from spark.sources.resolver import Resolver
from spark.storage.disk_space import require_space
from spark.storage.paths import AnyPath, discard, require_reachable, storage_path
from spark.storage.publishing import TEMPORARY
from utils import printable

if TYPE_CHECKING:
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

SPARK_UI_PORT = "4040"

log = logging.getLogger("memorization")


JobT = TypeVar("JobT", bound=Job)


@dataclass
class Run(Generic[JobT]):
    """What a run is to do, and into which directory.

    schema: of the tables that it writes, for `run.json`. resolve: finds everything that the run reads, so that what is
    wrong is said before Spark starts. findings: what else there is to tell once all is complete. record: what
    `run.json` says, once the run has begun.
    """

    run_id: str
    configuration: RunConfiguration
    schema: Sequence[Mapping[str, str]]
    resolve: Callable[[Resolver], Iterable[JobT]]
    reporter: Reporter
    interruption: Interruption
    findings: Callable[[], Iterable[events.Event]] = tuple
    record: RunRecord | None = field(default=None, init=False)

    @property
    def directory(self) -> AnyPath:
        """Where everything that the run leaves lies."""
        return run_directory(self.configuration, self.run_id)

    def execute(self) -> int:
        """Makes the tables that are not complete yet; 0, or 1 where one of them failed."""
        require_reachable(self.directory)
        require_unlocked(self.directory)
        record = open_record(self.directory, self.run_id, self.configuration.as_json(), self.schema)
        resolver = self._resolver(record.commits)
        jobs = self.resolved(resolver)
        record.commits = resolver.commits()
        make_directory(self.directory)
        with run_lock(self.directory):
            return self._execute(jobs, record)

    def _execute(self, jobs: Sequence[Job], record: RunRecord) -> int:
        logs = logs_of(self.directory, Path(self.configuration.cache_dir).expanduser())
        log_to_file(logs.file)
        record.write()
        self.record = record
        try:
            self._jobs(jobs, record, logs)
        except BaseException as error:
            if self.interruption.signal is None:
                log.exception("the run ended")
                self._finish(record, "failed", f"{type(error).__name__}: {printable(str(error))}")
            raise
        finally:
            discard(self.directory / TEMPORARY)
            keep_logs(logs, self.directory)
        failed = any(table["status"] == "failed" for table in record.tables)
        for finding in () if failed else self.findings():
            self.reporter.report(finding)
        self._finish(record, "failed" if failed else "complete")
        return int(failed)

    def finish_interrupted(self, go_on: str) -> None:
        """Notes and says how far the run came, and the command that does the rest."""
        if self.record is not None:
            self.record.finish("interrupted")
        tables = self.record.tables if self.record else []
        self.reporter.report(events.RunFinished("interrupted", str(self.directory), tables, go_on))

    def _finish(self, record: RunRecord, status: events.Status, error: str | None = None) -> None:
        record.finish(status, error)
        self.reporter.report(events.RunFinished(status, str(self.directory), record.tables))

    def resolved(self, resolver: Resolver | None = None) -> list[JobT]:
        """Everything that the run is to do, all that it reads found."""
        jobs = []
        for job in self.resolve(resolver or self._resolver({})):
            self.interruption.check()
            jobs.append(job)
        return jobs

    def _resolver(self, commits: Mapping[str, str]) -> Resolver:
        """A resolver of the commits that an earlier run with this id has read."""

        def on_progress(message: str) -> None:
            self.interruption.check()
            self.reporter.report(events.ResolvingData(message))

        on_progress("Finding the data")
        cache_directory = Path(self.configuration.cache_dir).expanduser()
        return Resolver(cache_directory, {**dict(self.configuration.revisions), **commits}, on_progress)

    def _jobs(self, jobs: Sequence[Job], record: RunRecord, logs: Logs) -> None:
        discard(self.directory / TEMPORARY)  # of an earlier run that was killed
        for each in jobs:
            if each.is_complete():
                each.note(record, from_earlier=True)
        known = [known_job(each) for each in jobs]
        self.reporter.report(events.RunStarted(self.run_id, str(self.directory), known))
        to_do = [(job, now) for job, now in zip(jobs, known, strict=True) if not now.complete]
        if not to_do:
            return
        bytes_needed = [job.estimated_bytes() or 0 for job, _ in to_do]
        require_space(self.directory, sum(bytes_needed), "The run")
        self.interruption.check()
        cores = cores_a_task(job.language_model for job, _ in to_do)
        spark = start_session(f"memorization metrics {self.run_id}", logs, cores)
        self.interruption.cancel = spark.sparkContext.cancelAllJobs
        try:
            self.reporter.report(spark_started(spark.sparkContext))
            progress = RunProgress(self.reporter, [each for _, each in to_do])
            for number, ((job, now), needed) in enumerate(zip(to_do, bytes_needed, strict=True), 1):
                self.interruption.check()
                self.reporter.report(events.JobStarted(now.job, now.rows, number, len(to_do)))
                self._do_job(spark, job, needed, record, progress)
                record.write()
        finally:
            stop_session(spark)

    def _do_job(
        self, spark: SparkSession, job: Job, bytes_needed: int, record: RunRecord, progress: RunProgress
    ) -> None:
        """Run one job and note its outcome; a job that fails does not take the others with it."""
        name, before = job.description, len(record.tables)
        log.info("%s: begins", name)
        try:
            # Others may have filled the disk since the run began.
            require_space(self.directory, bytes_needed, name)
            with progress.job(spark.sparkContext) as rows_done:
                job.run(spark, rows_done)
        except Exception as error:
            self.interruption.check()
            log.exception("%s: failed", name)
            message = failure_message(explained(error), job.source)
            record.add_failure(name, message)
            self.reporter.report(events.JobFailed(name, message))
            return
        job.note(record, from_earlier=False)
        log.info("%s: done", name)
        self.reporter.report(events.JobComplete(name, record.tables[before:]))


def known_job(job: Job) -> events.KnownJob:
    """What is known of a job before any of its rows is read."""
    return events.KnownJob(job.description, job.rows_known, job.bytes, job.is_complete())


def run_directory(configuration: RunConfiguration, run_id: str) -> AnyPath:
    """Where everything that a run leaves lies."""
    return storage_path(configuration.output_dir) / run_id


def spark_started(context: SparkContext) -> events.SparkStarted:
    """Where Spark's UI is, and which port it was to have had if another program has that."""
    asked = context.getConf().get("spark.ui.port", SPARK_UI_PORT)
    found = urlsplit(context.uiWebUrl or "").port
    elsewhere = found is not None and asked != "0" and str(found) != asked
    return events.SparkStarted(context.uiWebUrl, int(asked) if elsewhere else None)
