"""The progress bar of a run, fed by what Spark says of its tasks."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from spark.job_descriptions import split_jobs
from utils import printable

if TYPE_CHECKING:
    from pyspark import SparkContext

SECONDS_BETWEEN_LOOKS = 0.25


@contextmanager
def run_progress(console: Console, splits: int) -> Iterator[RunProgress]:
    """A bar over the splits of a run; nothing where the console is no terminal."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[unit]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        yield RunProgress(bar, bar.add_task("All splits", total=splits, unit="splits"))


class RunProgress:
    """The bar of the run, and below it one for the split that is being measured."""

    def __init__(self, bar: Progress, run_task: TaskID) -> None:
        self._bar = bar
        self._run_task = run_task

    @contextmanager
    def split(self, context: SparkContext, description: str) -> Iterator[None]:
        """Shows the tasks of the Spark jobs that the block starts, under a group named as the split."""
        task = self._bar.add_task(escape(printable(description)), total=None, unit="tasks")
        stop = threading.Event()
        with split_jobs(context, description) as group:
            watcher = threading.Thread(target=self._watch, args=(context, group, task, stop), daemon=True)
            watcher.start()
            try:
                yield
            finally:
                stop.set()
                watcher.join()
                self._bar.remove_task(task)
                self._bar.advance(self._run_task)

    def _watch(self, context: SparkContext, group: str, task: TaskID, stop: threading.Event) -> None:
        while not stop.wait(SECONDS_BETWEEN_LOOKS):
            done, total = _tasks_of(context, group)
            self._bar.update(task, completed=done, total=total or None)


def _tasks_of(context: SparkContext, group: str) -> tuple[int, int]:
    """How many tasks of the group's jobs are done, and how many there are so far."""
    tracker = context.statusTracker()
    done = total = 0
    for job in tracker.getJobIdsForGroup(group):
        info = tracker.getJobInfo(job)
        for stage_id in info.stageIds if info else ():
            stage = tracker.getStageInfo(stage_id)
            if stage is not None:
                done, total = done + stage.numCompletedTasks, total + stage.numTasks
    return done, total
