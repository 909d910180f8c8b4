"""Reporters: log lines, bars, JSON, quiet."""

from __future__ import annotations

import io
import json
import re
from typing import Any

import pytest
from rich.console import Console

from spark.reporting import events
from spark.reporting.events import Advance
from spark.reporting.reporter import JsonReporter, QuietReporter, Reporter
from spark.reporting.text_reporters import LogReporter, TerminalReporter, choose_reporter
from spark.reporting.wording import clock, log_line

TABLE: dict[str, Any] = {
    "table": "mine 70m",
    "status": "complete",
    "rows_read": 1000,
    "rows_measured": 1000,
    "rows_rejected": 0,
    "rows_per_second": 50.0,
    "seconds": 20.0,
    "from_an_earlier_run": False,
    "counts": {"rows": 1000, "code": 10, "memorized": 1},
    "null_columns": {},
}
SPLIT = Advance(250, 1000, 50.0, 15.0, 0.25)
RUN = Advance(1250, 5000, 40.0, 3723.0, 0.25)
NOTHING = Advance(0, 1000)
EVENTS = [
    events.ResolvingData("Finding \x1b[31mthe data"),
    events.RunStarted("r", "out/\x1br", [events.KnownJob("mine 70m", 1000, 5, False)]),
    events.SparkStarted("http://localhost:4041", 4040),
    events.JobStarted("mine 70m", 1000, 1, 2),
    events.Progress("mine 70m", "look for repeated ids", NOTHING, NOTHING),
    events.Progress("mine 70m", "measure and write", SPLIT, RUN),
    events.JobComplete("mine 70m", [TABLE]),
    events.JobStarted("bad", None, 2, 2),
    events.JobFailed("bad", "it is damaged"),
    events.RunFinished("interrupted", "out/r", [TABLE], "python it.py --run_id r"),
]


def report_all(reporter: Reporter) -> None:
    for event in EVENTS:
        reporter.report(event)
    reporter.close()


def test_a_log_file_gets_plain_lines() -> None:
    file = io.StringIO()
    report_all(LogReporter(Console(file=file, width=120)))
    lines = [re.sub(r"^\d\d:\d\d:\d\d ", "", line) for line in file.getvalue().splitlines()]
    assert lines[:9] == [
        "Run: out/\\x1br",
        "Spark UI: http://localhost:4041 (port 4040 is in use)",
        "mine 70m: started (job 1 of 2, 1,000 rows)",
        "mine 70m: look for repeated ids",
        "mine 70m: 250/1,000 rows, 50/s, 0:15 left; whole run: 25%, 1:02:03 left",
        "mine 70m: done, 1,000 rows in 0:20",
        "bad: started (job 2 of 2)",
        "bad: failed: it is damaged",
        "table     rows rows/s code memorized ",
    ]
    assert lines[-2:] == ["Interrupted; 1 table is complete. Continue with:", "  python it.py --run_id r"]
    assert all(character.isprintable() or character == "\n" for character in file.getvalue())


def drawn(reporter: TerminalReporter, console: Console) -> list[str]:
    """Return the current lines of the bars."""
    bars = reporter._bars
    assert bars is not None
    lines = console.render_lines(bars.make_tasks_table(bars.tasks), pad=False)
    return ["".join(segment.text for segment in line) for line in lines]


def test_a_terminal_gets_bars_for_the_job_and_the_run() -> None:
    file = io.StringIO()
    console = Console(file=file, width=120, force_terminal=True, color_system=None)
    reporter = TerminalReporter(console)
    bars: list[str] = []
    for event in EVENTS:
        reporter.report(event)
        bars += drawn(reporter, console) if isinstance(event, events.Progress) else []
    assert re.fullmatch(r"mine 70m   ━+ look for repeated ids *", bars[0])
    assert re.fullmatch(r"job 1 of 2 ━+ *", bars[1])
    assert re.fullmatch(r"mine 70m   ━+╸? +250/1,000 rows 50/s    0:15 left", bars[2])
    assert re.fullmatch(r"job 1 of 2 ━+╸? +1,250/5,000 rows 40/s 1:02:03 left", bars[3])
    assert len(bars) == 4
    assert "Failed: bad: it is damaged" in file.getvalue()
    assert "\x1b[31m" not in file.getvalue()


@pytest.mark.parametrize("width", [60, 80, 120])
def test_bars_leave_the_last_columns_of_the_terminal_free(width: int) -> None:
    console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None)
    reporter = TerminalReporter(console)
    reporter.report(events.JobStarted("x" * 200, 1000, 1, 2))
    reporter.report(events.Progress("x" * 200, "measure and write", SPLIT, RUN))
    lines = drawn(reporter, console)
    reporter.close()
    assert [len(line) <= width - 4 for line in lines] == [True, True]
    assert "250/1,000 rows 50/s    0:15 left" in lines[0]


def test_json_is_one_line_of_ascii_per_event() -> None:
    file = io.StringIO()
    report_all(JsonReporter(file))
    lines = file.getvalue().splitlines()
    assert all(line.isascii() and "\x1b" not in line for line in lines)
    read = [json.loads(line) for line in lines]
    assert [each["event"] for each in read] == [
        *("resolving_data", "run_started", "spark_started", "job_started", "progress", "progress"),
        *("job_complete", "job_started", "job_failed", "run_finished"),
    ]
    assert read[5]["this_job"] == {
        "rows_done": 250,
        "rows_total": 1000,
        "rows_per_second": 50.0,
        "seconds_left": 15.0,
        "share": 0.25,
    }
    assert read[7]["rows"] is None
    assert read[9]["go_on"] == "python it.py --run_id r"


def test_quiet_prints_only_failures(capsys: pytest.CaptureFixture[str]) -> None:
    report_all(QuietReporter())
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.splitlines() == [
        "Failed: bad: it is damaged",
        "Interrupted; 1 table is complete. Continue with:",
        "  python it.py --run_id r",
    ]


def test_a_line_without_total_and_time_left() -> None:
    line = log_line(events.Progress("s", None, Advance(7, None, 3.5), Advance(7, None, 3.5)))
    assert line == "s: 7 rows, 4/s"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "0:00"), (59.6, "1:00"), (754, "12:34"), (3600, "1:00:00"), (86400, "1 d 0:00:00"), (180121, "2 d 2:02:01")],
)
def test_clock(seconds: float, shown: str) -> None:
    assert clock(seconds) == shown


def test_output_that_is_not_a_terminal_gets_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout", io.StringIO())
    assert isinstance(choose_reporter("text"), LogReporter)
    assert isinstance(choose_reporter("json"), JsonReporter)
