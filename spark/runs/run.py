"""`Run`: resolve the jobs of a run, start Spark, run the jobs, and keep the record."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar
from urllib.parse import urlsplit

from spark.reporting import events
from spark.reporting.findings import findings_of
from spark.reporting.reporter import Reporter
from spark.runs.interruption import Interruption
from spark.runs.job import Job
from spark.runs.job_runner import JobRunner, PendingJob
from spark.runs.lock import require_unlocked, run_lock
from spark.runs.options import RunConfiguration
from spark.runs.run_directory import keep_logs, log_to_file, logs_of, make_directory, run_directory
from spark.runs.run_record import MayChange, RunRecord, keep_options, open_record
from spark.session.logs import Logs
from spark.session.model_workers import cores_a_task
from spark.session.spark_session import start_session, stop_session
from spark.sources.resolver import Resolver
from spark.storage.disk_space import require_space
from spark.storage.finished_tasks import UNFINISHED
from spark.storage.paths import AnyPath, discard, home_expanded, require_reachable
from spark.storage.publishing import TEMPORARY
from spark.storage.replacing import finish_replacing
from utils import printable

if TYPE_CHECKING:
    from pyspark import SparkContext

SPARK_UI_PORT = "4040"

log = logging.getLogger("memorization")


JobT = TypeVar("JobT", bound=Job)


@dataclass
class Run(Generic[JobT]):
    """A run: its configuration, how to resolve its jobs, and where to report.

    schema: columns of the tables, for `run.json`.
    resolve: yields the jobs, with all their input resolved, so that wrong input is reported before Spark starts.
    findings: events to report once all tables are complete.
    may_change: whether a run of this id may go on with another value of an option.
    record: the content of `run.json`; None until the run has started.
    """

    run_id: str
    configuration: RunConfiguration
    schema: Sequence[Mapping[str, str]]
    resolve: Callable[[Resolver], Iterable[JobT]]
    reporter: Reporter
    interruption: Interruption
    findings: Callable[[], Iterable[events.Event]] = tuple
    may_change: MayChange | None = None
    record: RunRecord | None = field(default=None, init=False)

    @property
    def directory(self) -> AnyPath:
        """The run's directory."""
        return run_directory(self.configuration, self.run_id)

    def execute(self) -> int:
        """Run all jobs that are not complete yet; return 0, or 1 if one of them failed."""
        require_reachable(self.directory)
        require_unlocked(self.directory)
        options = self.configuration.as_json()
        record = open_record(self.directory, self.run_id, options, self.schema, self.may_change or keep_options)
        resolver = self._resolver(record.commits, record.notes)
        jobs = self.resolved(resolver)
        record.commits = resolver.commits()
        make_directory(self.directory)
        with run_lock(self.directory):
            return self._execute(jobs, record)

    def resolved(self, resolver: Resolver | None = None) -> list[JobT]:
        """Return all jobs of the run, with their input resolved."""
        jobs = []
        for job in self.resolve(resolver or self._resolver({}, [])):
            self.interruption.check()
            jobs.append(job)
        return jobs

    def finish_interrupted(self, go_on: str) -> None:
        """Record and report an interrupted run. go_on: the command that finishes it."""
        if self.record is not None:
            self.record.finish("interrupted")
        tables = self.record.tables if self.record else []
        self.reporter.report(events.RunFinished("interrupted", str(self.directory), tables, go_on))

    def _execute(self, jobs: Sequence[Job], record: RunRecord) -> int:
        logs = logs_of(self.directory, home_expanded(self.configuration.cache_dir))
        log_to_file(logs.file)
        record.write()
        self.record = record
        try:
            self._run_jobs(jobs, record, logs)
        except BaseException as error:
            if self.interruption.signal is None:
                log.exception("the run failed")
                self._finish(record, "failed", f"{type(error).__name__}: {printable(str(error))}")
            raise
        finally:
            discard(self.directory / TEMPORARY)
            keep_logs(logs, self.directory)
        failed = any(table["status"] == "failed" for table in record.tables)
        if not failed:
            discard(self.directory / UNFINISHED)
        for finding in () if failed else self.findings():
            self.reporter.report(finding)
        self._finish(record, "failed" if failed else "complete")
        return int(failed)

    def _finish(self, record: RunRecord, status: events.Status, error: str | None = None) -> None:
        record.findings = findings_of(record.tables)
        record.finish(status, error)
        self.reporter.report(events.RunFinished(status, str(self.directory), record.tables, findings=record.findings))

    def _resolver(self, commits: Mapping[str, str], notes: list[str]) -> Resolver:
        """Return a resolver.

        commits: by Hub id, the commits that an earlier run with this id read; they are kept. notes: gets each note.
        """

        def on_progress(message: str) -> None:
            self.interruption.check()
            self.reporter.report(events.ResolvingData(message))

        def on_note(message: str) -> None:
            if message not in notes:  # several tables may be read from the same files
                notes.append(message)
                self.reporter.report(events.Noted(message))

        on_progress("Resolving data")
        cache_directory = home_expanded(self.configuration.cache_dir)
        revisions = {**dict(self.configuration.revisions), **commits}
        return Resolver(cache_directory, revisions, on_progress, on_note)

    def _run_jobs(self, jobs: Sequence[Job], record: RunRecord, logs: Logs) -> None:
        discard(self.directory / TEMPORARY)  # left by an earlier run that was killed
        finish_replacing(self.directory)
        for each in jobs:
            if each.is_complete():
                each.note(record, from_earlier=True)
        known = [known_job(each) for each in jobs]
        self.reporter.report(events.RunStarted(self.run_id, str(self.directory), known))
        pending = [
            PendingJob(job, now, job.estimated_bytes() or 0)
            for job, now in zip(jobs, known, strict=True)
            if not now.complete
        ]
        if not pending:
            return
        require_space(self.directory, sum(each.bytes_needed for each in pending), "The run")
        self.interruption.check()
        cores = cores_a_task(each.job.language_model for each in pending)
        spark = start_session(f"memorization metrics {self.run_id}", logs, cores)
        self.interruption.cancel = spark.sparkContext.cancelAllJobs
        try:
            self.reporter.report(spark_started(spark.sparkContext))
            JobRunner(spark, self.directory, record, self.reporter, self.interruption).run(pending)
        finally:
            stop_session(spark)


def known_job(job: Job) -> events.KnownJob:
    """Return the facts about a job that are known before its rows are read."""
    return events.KnownJob(job.description, job.rows_known, job.bytes, job.is_complete())


def spark_started(context: SparkContext) -> events.SparkStarted:
    """Return the event with the address of Spark's UI, and the configured port if another program uses it."""
    configured = context.getConf().get("spark.ui.port", SPARK_UI_PORT)
    port = urlsplit(context.uiWebUrl or "").port
    is_taken = port is not None and configured != "0" and str(port) != configured
    return events.SparkStarted(context.uiWebUrl, int(configured) if is_taken else None)
