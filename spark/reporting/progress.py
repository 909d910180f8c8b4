"""Progress of a run: watch Spark's jobs and the workers' row counts, and report `Progress` events."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from spark.reporting.events import Advance, KnownJob, Progress
from spark.reporting.pace import Pace
from spark.reporting.reporter import Reporter
from spark.session.job_descriptions import COUNTING_ROWS, job_group

if TYPE_CHECKING:
    from pyspark import Accumulator, SparkContext

POLL_SECONDS = 0.5

log = logging.getLogger("memorization")


class SparkJob(NamedTuple):
    """The newest Spark job of a job of the run.

    description: None if it has none. share: share of finished tasks in its last stage; None if not known.
    """

    description: str | None
    share: float | None


class RunProgress:
    """Progress of the jobs of a run, one after another, and of the run as a whole.

    to_do: the jobs to run, in order.
    """

    def __init__(self, reporter: Reporter, to_do: Sequence[KnownJob]) -> None:
        self._reporter = reporter
        self._to_do = list(to_do)
        self._rows_done = 0
        self._bytes_done = 0
        self._pace = Pace(time.monotonic())

    @contextmanager
    def job(self, context: SparkContext) -> Iterator[Accumulator[int]]:
        """Follow the Spark jobs that the block starts for the next job; give the accumulator of its finished rows."""
        known = self._to_do[0]
        rows_done = context.accumulator(0)
        stop = threading.Event()
        with job_group(context, known.job) as group:
            watcher = threading.Thread(target=self._watch, args=(context, group, known, rows_done, stop), daemon=True)
            if self._reporter.seconds_between_progress is not None:
                watcher.start()
            try:
                yield rows_done
                self._rows_done += rows_done.value
                self._bytes_done += known.bytes
            finally:
                stop.set()
                if watcher.is_alive():
                    watcher.join()
                # A failed job counts neither as done nor as remaining.
                del self._to_do[0]

    def _watch(
        self, context: SparkContext, group: str, known: KnownJob, rows_done: Accumulator[int], stop: threading.Event
    ) -> None:
        pace: Pace | None = None
        reported = time.monotonic()
        while not stop.wait(POLL_SECONDS):
            try:
                spark_job, now, done = _newest_spark_job(context, group), time.monotonic(), rows_done.value
                if pace is None and spark_job.description in COUNTING_ROWS:
                    pace = Pace(now)
                this_job = pace.at(now, done, known.rows, spark_job.share) if pace else Advance(0, known.rows)
                whole_run = _no_sooner(self._of_run(now, done, this_job.share), this_job)
                if now - reported >= (self._reporter.seconds_between_progress or 0):
                    reported = now
                    self._reporter.report(Progress(known.job, spark_job.description, this_job, whole_run))
            except Exception:
                # Spark has died, or the reader of our output is gone: the thread that runs the job finds out too.
                log.debug("%s: progress is no longer reported", known.job, exc_info=True)
                return

    def _of_run(self, now: float, rows_done: int, share: float | None) -> Advance:
        """Return the run's progress: by rows if they are known for every job, else by the bytes of the files."""
        rows = [each.rows for each in self._to_do]
        total = None if None in rows else self._rows_done + sum(each for each in rows if each is not None)
        bytes_done = self._bytes_done + (share or 0) * self._to_do[0].bytes
        all_bytes = self._bytes_done + sum(each.bytes for each in self._to_do)
        share_of_bytes = bytes_done / all_bytes if bytes_done else None
        return self._pace.at(now, self._rows_done + rows_done, total, share_of_bytes)


def _no_sooner(whole_run: Advance, this_job: Advance) -> Advance:
    """Return the run's progress, with at least the job's time left; the job may be slower than the jobs before it."""
    if whole_run.seconds_left is None or this_job.seconds_left is None:
        return whole_run
    return replace(whole_run, seconds_left=max(whole_run.seconds_left, this_job.seconds_left))


def _newest_spark_job(context: SparkContext, group: str) -> SparkJob:
    """Return the newest Spark job of a job group, from Spark's status tracker."""
    tracker = context.statusTracker()
    jobs = tracker.getJobIdsForGroup(group)
    if not jobs:
        return SparkJob(None, None)
    newest = max(jobs)
    description = context._jsc.sc().statusStore().job(newest).description()
    text = description.get().removeprefix(f"{group}: ") if description.isDefined() else None
    info = tracker.getJobInfo(newest)
    stage = tracker.getStageInfo(max(info.stageIds)) if info and info.stageIds else None
    return SparkJob(text, stage.numCompletedTasks / stage.numTasks if stage and stage.numTasks else None)
