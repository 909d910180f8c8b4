"""Reporters of events: the protocol, and the reporters for scripts. `text_reporters.py` has the ones for people."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import Literal, Protocol, TextIO

from spark.reporting.events import Event, JobFailed, RunFinished
from utils import printable

Format = Literal["text", "quiet", "json"]


class Reporter(Protocol):
    """Shows or writes the events of a run; called from several threads."""

    @property
    def seconds_between_progress(self) -> float | None:
        """Seconds between two `Progress` events; None for no such events."""

    def report(self, event: Event) -> None:
        """Report one event."""

    def close(self) -> None:
        """Remove bars and spinners from the terminal, so that others can write to it."""


class JsonReporter:
    """Writes one line of JSON per event."""

    seconds_between_progress = 1.0

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout

    def report(self, event: Event) -> None:
        """Write the event as one line of ASCII, and flush."""
        time = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = json.dumps({"time": time, **event.as_json()}, default=str)
        # One write per line: lines of two threads cannot mix.
        self._stream.write(line + "\n")
        self._stream.flush()

    def close(self) -> None:
        """Do nothing."""


class QuietReporter:
    """Prints only failures, to standard error."""

    seconds_between_progress = None

    def report(self, event: Event) -> None:
        """Print a failed job, or how to continue an interrupted run."""
        if isinstance(event, JobFailed):
            print(f"Failed: {printable(event.job)}: {event.error}", file=sys.stderr)
        elif isinstance(event, RunFinished) and event.go_on:
            print(interruption_message(event), file=sys.stderr)

    def close(self) -> None:
        """Do nothing."""


def interruption_message(event: RunFinished) -> str:
    """Return how many tables an interrupted run completed, and the command that continues it."""
    complete = sum(table["status"] == "complete" for table in event.tables)
    tables = "1 table is" if complete == 1 else f"{complete or 'no'} tables are"
    return f"Interrupted; {tables} complete. Continue with:\n  {event.go_on}"
