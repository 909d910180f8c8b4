"""Who tells of a run: reporters for scripts here, those for people in `spark.reporting.text_reporters`."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import Literal, Protocol, TextIO

from spark.reporting.events import Event, JobFailed, RunFinished
from utils import printable

Format = Literal["text", "quiet", "json"]


class Reporter(Protocol):
    """Takes the events of a run, from more than one thread, and tells of them."""

    @property
    def seconds_between_progress(self) -> float | None:
        """How often it wants to know how far the run is; None for never."""

    def report(self, event: Event) -> None:
        """Tells of one event."""

    def close(self) -> None:
        """Takes away what is shown for the moment, so that others may write."""


class JsonReporter:
    """One line of JSON an event."""

    seconds_between_progress = 1.0

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout

    def report(self, event: Event) -> None:
        """Writes the event's line, in ASCII, at once."""
        time = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = json.dumps({"time": time, **event.as_json()}, default=str)
        # In one write, so that the lines of two threads do not mix.
        self._stream.write(line + "\n")
        self._stream.flush()

    def close(self) -> None:
        """Shows nothing for the moment."""


class QuietReporter:
    """Nothing but failures, on the standard error."""

    seconds_between_progress = None

    def report(self, event: Event) -> None:
        """Tells of a job that failed, and of what is left to do after an interruption."""
        if isinstance(event, JobFailed):
            print(f"Failed: {printable(event.job)}: {event.error}", file=sys.stderr)
        elif isinstance(event, RunFinished) and event.go_on:
            print(interruption_message(event), file=sys.stderr)

    def close(self) -> None:
        """Shows nothing for the moment."""


def interruption_message(event: RunFinished) -> str:
    """How much was complete when the run was interrupted, and how it goes on."""
    complete = sum(table["status"] == "complete" for table in event.tables)
    tables = "1 table is" if complete == 1 else f"{complete or 'no'} tables are"
    return f"Stopped; {tables} complete. To go on:\n  {event.go_on}"
