"""Run jobs one after another in a Spark session. A failed job does not stop the others."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from spark.reporting import events
from spark.reporting.progress import RunProgress
from spark.reporting.reporter import Reporter
from spark.runs.interruption import Interruption
from spark.runs.job import Job
from spark.runs.run_record import RunRecord
from spark.session.failures import failure_message
from spark.session.spark_session import explained
from spark.storage.disk_space import require_space
from spark.storage.paths import AnyPath

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

log = logging.getLogger("memorization")


class PendingJob(NamedTuple):
    """A job to run, its `KnownJob`, and the estimated size of its tables in bytes (0 if not known)."""

    job: Job
    known: events.KnownJob
    bytes_needed: int


@dataclass(frozen=True)
class JobRunner:
    """Runs jobs, records their tables and reports their events. directory: the run's directory."""

    spark: SparkSession
    directory: AnyPath
    record: RunRecord
    reporter: Reporter
    interruption: Interruption

    def run(self, pending: Sequence[PendingJob]) -> None:
        """Run the jobs in order; raise Interrupted if the run is to stop."""
        progress = RunProgress(self.reporter, [each.known for each in pending])
        for number, each in enumerate(pending, 1):
            self.interruption.check()
            self.reporter.report(events.JobStarted(each.known.job, each.known.rows, number, len(pending)))
            self._run_job(each, progress)
            self.record.write()

    def _run_job(self, pending: PendingJob, progress: RunProgress) -> None:
        job, name, tables_before = pending.job, pending.known.job, len(self.record.tables)
        log.info("%s: started", name)
        try:
            # Checked again: other programs may have filled the disk since the run started.
            require_space(self.directory, pending.bytes_needed, name)
            with progress.job(self.spark.sparkContext) as rows_done:
                job.run(self.spark, rows_done)
        except Exception as error:
            self.interruption.check()
            log.exception("%s: failed", name)
            message = failure_message(explained(error), job.source)
            self.record.add_failure(name, message)
            self.reporter.report(events.JobFailed(name, message))
            return
        job.note(self.record, from_earlier=False)
        log.info("%s: done", name)
        self.reporter.report(events.JobComplete(name, self.record.tables[tables_before:]))
