"""Reporters for people: bars in a terminal, or plain lines in a log file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, Task, TaskID, TextColumn
from rich.status import Status
from rich.table import Column, Table

from spark.reporting import events
from spark.reporting.events import Advance
from spark.reporting.plans import print_feature_plan, print_plan
from spark.reporting.reporter import Format, JsonReporter, QuietReporter, Reporter, interruption_message
from spark.reporting.summary import print_deduplication, print_summary
from spark.reporting.wording import bar_fields, log_line
from utils import UserError, printable

FIELDS = ("rows", "speed", "left")
# Widths in characters.
MIN_NAME_WIDTH, MIN_BAR_WIDTH = 12, 8
ECHO_WIDTH = 4  # left free for the terminal's `^C`
LOG_WIDTH = 120


def choose_reporter(report: Format) -> Reporter:
    """Return the reporter of a format. For text: bars if standard output is a terminal, else log lines."""
    if report != "text":
        return QuietReporter() if report == "quiet" else JsonReporter()
    console = Console()
    if console.is_terminal and not console.is_dumb_terminal:
        return TerminalReporter(console)
    return LogReporter(Console(width=LOG_WIDTH))


@contextmanager
def reporting(report: Format) -> Iterator[Reporter]:
    """Give the reporter of a format; report a UserError that the block raises, and close the reporter at the end."""
    reporter = choose_reporter(report)
    try:
        yield reporter
    except UserError as error:
        reporter.report(events.Refused(str(error)))
        raise
    finally:
        reporter.close()


class TextReporter:
    """Prints the run's directory, the address of Spark's UI, and the summary. Subclasses add bars or log lines."""

    seconds_between_progress: float | None = None

    def __init__(self, console: Console) -> None:
        self._console = console

    def report(self, event: events.Event) -> None:
        """Print the event, if it is one that stays on the screen."""
        match event:
            case events.Plan():
                print_plan(self._console, event)
            case events.FeaturePlan():
                print_feature_plan(self._console, event)
            case events.Noted(message=message):
                self._say(f"Note: {printable(message)}")
            case events.RunStarted():
                self._say(f"Run: {printable(event.directory)}")
                if all(job.complete for job in event.jobs):
                    self._say(f"Run {event.run_id} is already complete; nothing to do.")
            case events.SparkStarted(ui=ui, taken_port=port) if ui:
                self._say(f"Spark UI: {ui}" + (f" (port {port} is in use)" if port else ""))
            case events.Deduplicated():
                self.close()
                print_deduplication(self._console, event)
            case events.RunFinished():
                self.close()
                if event.tables:
                    print_summary(self._console, event.tables, event.directory, event.findings)
                if event.go_on:
                    self._say(interruption_message(event))

    def close(self) -> None:
        """Do nothing; subclasses with bars remove them."""

    def _say(self, line: str) -> None:
        self._console.print(line, highlight=False, soft_wrap=True, markup=False)


class LogReporter(TextReporter):
    """Prints plain lines: at the start and end of each job, and every 30 seconds between."""

    seconds_between_progress = 30.0

    def report(self, event: events.Event) -> None:
        """Print the event's line with the time, if it has one."""
        super().report(event)
        line = log_line(event)
        if line:
            self._say(f"{datetime.now():%H:%M:%S} {printable(line)}")


class TerminalReporter(TextReporter):
    """Shows a bar for the current job, and one for the whole run if it has several jobs."""

    seconds_between_progress = 0.5

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        self._status: Status | None = None
        self._bars: Bars | None = None
        self._job: TaskID | None = None
        self._run: TaskID | None = None
        self._jobs = 0

    def report(self, event: events.Event) -> None:
        """Update the bars, or print the event above them."""
        match event:
            case events.ResolvingData(message=message):
                self._wait_for(printable(message) or "Resolving data")
            case events.RunStarted(jobs=jobs):
                self.close()
                super().report(event)
                self._jobs = sum(not job.complete for job in jobs)
                if self._jobs:
                    self._wait_for("Starting Spark")
            case events.JobStarted():
                self._begin(event)
            case events.Progress() if self._bars and self._job is not None:
                self._bars.update(self._job, **bar_fields(event.this_job, event.phase))
                if self._run is not None:
                    self._bars.update(self._run, **bar_fields(event.whole_run, None))
            case events.JobFailed(job=job, error=error):
                self._say(f"Failed: {printable(job)}: {error}")
            case _:
                super().report(event)

    def close(self) -> None:
        """Remove the bars and the spinner."""
        if self._status:
            self._status.stop()
        if self._bars:
            self._bars.stop()
        self._status = self._bars = None

    def _wait_for(self, message: str) -> None:
        if self._status is None:
            self._status = self._console.status(escape(message))
            self._status.start()
        self._status.update(escape(message))

    def _begin(self, event: events.JobStarted) -> None:
        if self._bars is None:
            self.close()
            self._bars = Bars(self._console)
            self._bars.start()
        # New bars for each job: a bar with a total cannot return to an unknown total.
        for task in self._bars.task_ids:
            self._bars.remove_task(task)
        self._job = self._bars.add_task(escape(printable(event.job)), **bar_fields(Advance(), None))
        if event.of > 1:
            self._run = self._bars.add_task(f"job {event.number} of {event.of}", **bar_fields(Advance(), None))


class Bars(Progress):
    """Bars with name, rows, speed and time left of each task; the bar fills the remaining width.

    The last columns of the terminal stay free for its `^C`, which would wrap to a new line and shift the bars.
    """

    def __init__(self, console: Console) -> None:
        self._terminal = console
        super().__init__(
            TextColumn("{task.description}", table_column=Column(no_wrap=True, overflow="ellipsis")),
            BarColumn(bar_width=None, table_column=Column(ratio=1, min_width=MIN_BAR_WIDTH)),
            *(
                TextColumn("{task.fields[" + field + "]}", justify="right", table_column=Column(no_wrap=True))
                for field in FIELDS
            ),
            console=console,
            transient=True,
            expand=True,
        )

    def make_tasks_table(self, tasks: Iterable[Task]) -> Table:
        """Return the bars as a table, `ECHO_WIDTH` narrower than the terminal. Long names are cut."""
        tasks = list(tasks)
        table = super().make_tasks_table(tasks)
        table.width = max(1, self._terminal.width - ECHO_WIDTH)
        numbers = sum(max((len(task.fields[field]) + 1 for task in tasks), default=0) for field in FIELDS)
        table.columns[0].max_width = max(MIN_NAME_WIDTH, table.width - numbers - MIN_BAR_WIDTH - 1)
        return table
