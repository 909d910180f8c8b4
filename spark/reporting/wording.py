"""The text of events: lines of a log file, and fields of a terminal's bars."""

from __future__ import annotations

from typing import Any

from spark.reporting import events


def bar_fields(advance: events.Advance, phase: str | None) -> dict[str, Any]:
    """Return the fields of a bar. The phase is shown until rows are measured."""
    fields = {"rows": "", "speed": "", "left": ""}
    if advance.rows_done:
        fields = dict(zip(fields, (_rows(advance), _speed(advance), _left(advance)), strict=True))
    elif phase:
        fields["rows"] = phase
    return {"total": 1.0 if advance.share else None, "completed": advance.share or 0.0, **fields}


def log_line(event: events.Event) -> str | None:
    """Return the line that a log file gets for an event; None if it gets none."""
    match event:
        case events.JobStarted():
            rows = "" if event.rows is None else f", {event.rows:,} rows"
            return f"{event.job}: started (job {event.number} of {event.of}{rows})"
        case events.Progress(this_job=job, whole_run=run):
            if not job.rows_done:
                return f"{event.job}: {event.phase or 'starting'}"
            done = ", ".join(filter(None, [_rows(job), _speed(job), _left(job)]))
            share = ", ".join(filter(None, [f"{run.share:.0%}" if run.share else "", _left(run)]))
            return f"{event.job}: {done}" + (f"; whole run: {share}" if share else "")
        case events.JobComplete(tables=tables):
            # A job has one table per model, all with the same rows, measured once.
            return f"{event.job}: done, {tables[0]['rows_read']:,} rows in {clock(tables[0]['seconds'])}"
        case events.JobFailed():
            return f"{event.job}: failed: {event.error}".replace("\n", " ")
    return None


def clock(seconds: float) -> str:
    """Return a duration as text: `0:07`, `1:02:03` or `2 d 1:02:03`."""
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    if not hours:
        return f"{minute}:{second:02}"
    return (f"{days} d " if days else "") + f"{hour}:{minute:02}:{second:02}"


def _rows(advance: events.Advance) -> str:
    total = "" if advance.rows_total is None else f"/{advance.rows_total:,}"
    return f"{advance.rows_done:,}{total} rows"


def _speed(advance: events.Advance) -> str:
    return "" if advance.rows_per_second is None else f"{advance.rows_per_second:,.0f}/s"


def _left(advance: events.Advance) -> str:
    return "" if advance.seconds_left is None else f"{clock(advance.seconds_left)} left"
