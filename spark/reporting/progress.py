"""How far a run is: what Spark says of its jobs and the workers of their rows, made into events."""

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

SECONDS_BETWEEN_LOOKS = 0.5

log = logging.getLogger("memorization")


class SparkJob(NamedTuple):
    """The newest Spark job of a job. words: its description; share: of its last stage's tasks, how many have ended."""

    words: str | None
    share: float | None


class RunProgress:
    """Follows the jobs of a run, one after the other, and reports how far each and the whole are."""

    def __init__(self, reporter: Reporter, to_do: Sequence[KnownJob]) -> None:
        self._reporter = reporter
        self._to_do = list(to_do)
        self._rows_done = 0
        self._bytes_done = 0
        self._pace = Pace(time.monotonic())

    @contextmanager
    def job(self, context: SparkContext) -> Iterator[Accumulator[int]]:
        """Follows the Spark jobs that the block starts, the next of the run; gives what its workers count rows in."""
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
                # A job that failed counts neither as done nor as to be done.
                del self._to_do[0]

    def _watch(
        self, context: SparkContext, group: str, known: KnownJob, rows_done: Accumulator[int], stop: threading.Event
    ) -> None:
        pace: Pace | None = None
        reported = time.monotonic()
        while not stop.wait(SECONDS_BETWEEN_LOOKS):
            try:
                spark_job, now, done = current_spark_job(context, group), time.monotonic(), rows_done.value
                if pace is None and spark_job.words in COUNTING_ROWS:
                    pace = Pace(now)
                this_job = pace.at(now, done, known.rows, spark_job.share) if pace else Advance(0, known.rows)
                whole_run = no_sooner(self._of_run(now, done, this_job.share), this_job)
                if now - reported >= (self._reporter.seconds_between_progress or 0):
                    reported = now
                    self._reporter.report(Progress(known.job, spark_job.words, this_job, whole_run))
            except Exception:
                # Spark has died, or whoever reads the reports has gone: the thread that does the work learns it too.
                log.debug("%s: no more progress is told", known.job, exc_info=True)
                return

    def _of_run(self, now: float, rows_done: int, share: float | None) -> Advance:
        """The whole run, by rows where they are known of every job, and else by the bytes of their files."""
        rows = [each.rows for each in self._to_do]
        total = None if None in rows else self._rows_done + sum(each for each in rows if each is not None)
        bytes_done = self._bytes_done + (share or 0) * self._to_do[0].bytes
        all_bytes = self._bytes_done + sum(each.bytes for each in self._to_do)
        share_of_bytes = bytes_done / all_bytes if bytes_done else None
        return self._pace.at(now, self._rows_done + rows_done, total, share_of_bytes)


def no_sooner(whole_run: Advance, this_job: Advance) -> Advance:
    """The whole run's advance, its time left at least that of the job, which may be slower than those before it."""
    if whole_run.seconds_left is None or this_job.seconds_left is None:
        return whole_run
    return replace(whole_run, seconds_left=max(whole_run.seconds_left, this_job.seconds_left))


def current_spark_job(context: SparkContext, group: str) -> SparkJob:
    """What Spark says of the newest job of a group."""
    tracker = context.statusTracker()
    jobs = tracker.getJobIdsForGroup(group)
    if not jobs:
        return SparkJob(None, None)
    newest = max(jobs)
    description = context._jsc.sc().statusStore().job(newest).description()
    words = description.get().removeprefix(f"{group}: ") if description.isDefined() else None
    info = tracker.getJobInfo(newest)
    stage = tracker.getStageInfo(max(info.stageIds)) if info and info.stageIds else None
    return SparkJob(words, stage.numCompletedTasks / stage.numTasks if stage and stage.numTasks else None)
