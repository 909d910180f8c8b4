"""`Run` without a JVM: jobs that are complete or fail, the record, and the events."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from spark.reporting import events
from spark.runs import job_runner, run
from spark.runs.interruption import Interrupted, Interruption
from spark.runs.options import RunConfiguration
from spark.runs.run import Run
from spark.storage.publishing import Written
from utils import UserError


class ToyJob:
    """A job that fails with an error, or becomes complete."""

    source = "toy.jsonl"
    rows_known = 10
    bytes = 100
    language_model = None

    def __init__(self, description: str, is_done: bool = False, error: Exception | None = None) -> None:
        self.description = description
        self.is_done = is_done
        self.error = error

    def is_complete(self) -> bool:
        return self.is_done

    def estimated_bytes(self) -> int | None:
        return None

    def run(self, spark: Any, rows_done: Any) -> None:
        if self.error is not None:
            raise self.error
        self.is_done = True

    def note(self, record: Any, from_earlier: bool) -> None:
        record.add_table(self.description, Path("table"), Written(10, 0, 2.0, {"rows": 10}), {}, from_earlier)


class Collector:
    seconds_between_progress = None

    def __init__(self) -> None:
        self.events: list[events.Event] = []

    def report(self, event: events.Event) -> None:
        self.events.append(event)

    def close(self) -> None:
        pass


class ToyProgress:
    """`RunProgress` without Spark."""

    def __init__(self, reporter: Any, to_do: Any) -> None:
        pass

    @contextmanager
    def job(self, context: Any) -> Iterator[Any]:
        yield SimpleNamespace(value=0)


@pytest.fixture(autouse=True)
def no_spark(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace the Spark session, and keep the log of the run out of the root logger."""
    conf = SimpleNamespace(get=lambda name, default: default)
    context = SimpleNamespace(cancelAllJobs=lambda: None, uiWebUrl=None, getConf=lambda: conf)
    monkeypatch.setattr(run, "start_session", lambda name, logs, cores: SimpleNamespace(sparkContext=context))
    monkeypatch.setattr(run, "stop_session", lambda spark: None)
    monkeypatch.setattr(run, "log_to_file", lambda path: None)
    monkeypatch.setattr(job_runner, "RunProgress", ToyProgress)


def make_run(directory: Path, *jobs: ToyJob, **options: Any) -> tuple[Run[ToyJob], Collector]:
    reporter = Collector()
    configuration = RunConfiguration(output_dir=str(directory), cache_dir=str(directory / "cache"))
    return Run("r", configuration, [], lambda resolver: jobs, reporter, Interruption(), **options), reporter


def names(reporter: Collector) -> list[str]:
    return [event.event_name() for event in reporter.events]


def test_jobs_run_in_order_and_a_failed_one_does_not_stop_the_others(tmp_path: Path) -> None:
    jobs = ToyJob("old", is_done=True), ToyJob("bad", error=UserError("damaged")), ToyJob("good")
    made, reporter = make_run(tmp_path, *jobs, findings=lambda: [events.Deduplicated("never reported", [])])
    assert made.execute() == 1
    assert names(reporter) == [
        *("resolving_data", "run_started", "spark_started"),
        *("job_started", "job_failed", "job_started", "job_complete", "run_finished"),
    ]
    assert reporter.events[3] == events.JobStarted("bad", 10, 1, 2)
    assert reporter.events[4] == events.JobFailed("bad", "damaged")
    record = json.loads((tmp_path / "r" / "run.json").read_text())
    assert record["status"] == "failed"
    assert [(each["table"], each["status"]) for each in record["tables"]] == [
        *(("old", "complete"), ("bad", "failed"), ("good", "complete")),
    ]
    assert [each.get("from_an_earlier_run") for each in record["tables"]] == [True, None, False]


def test_a_complete_run_starts_no_spark_and_reports_its_findings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "start_session", None)
    found = events.Deduplicated("deduplication", [])
    made, reporter = make_run(tmp_path, ToyJob("old", is_done=True), findings=lambda: [found])
    assert made.execute() == 0
    assert names(reporter) == ["resolving_data", "run_started", "deduplicated", "run_finished"]


def test_notes_are_reported_once_and_recorded(tmp_path: Path) -> None:
    made, reporter = make_run(tmp_path, ToyJob("one"))

    def resolve(resolver: Any) -> tuple[ToyJob]:
        for note in ("a: left out b", "a: left out b", "c: has no ids"):
            resolver.on_note(note)
        return (ToyJob("one"),)

    made.resolve = resolve
    assert made.execute() == 0
    notes = [event.message for event in reporter.events if isinstance(event, events.Noted)]
    assert notes == ["a: left out b", "c: has no ids"]
    assert json.loads((tmp_path / "r" / "run.json").read_text())["notes"] == notes


def test_findings_are_reported_and_recorded(tmp_path: Path) -> None:
    class Measured(ToyJob):
        def note(self, record: Any, from_earlier: bool) -> None:
            about = dict.fromkeys(
                ("dataset", "scheme", "model", "language_model", "model_parameters", "tested_tokens", "context_tokens")
            )
            about |= {"dataset": "mine", "holds_memories": False}
            counts = {"rows": 10, "scored": 10, "memorized": 1}
            written = Written(10, 0, 2.0, counts)
            record.add_table(self.description, Path("table"), written, {}, from_earlier, about)

    made, reporter = make_run(tmp_path, Measured("mine"), ToyJob("bad", error=UserError("damaged")))
    assert made.execute() == 1
    finished = reporter.events[-1]
    assert isinstance(finished, events.RunFinished)
    (finding,) = finished.findings
    assert finding.text == "1 of 10 sequences are memorized, 10.0% (95% interval 1.8% to 40.4%)"
    (recorded,) = json.loads((tmp_path / "r" / "run.json").read_text())["findings"]
    assert recorded["groups"] == [{"name": "memorized", "count": 1, "of": 10}]


def test_an_error_outside_of_the_jobs_fails_the_run_and_is_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def start_session(*arguments: Any) -> None:
        raise UserError("no Java")

    monkeypatch.setattr(run, "start_session", start_session)
    made, _ = make_run(tmp_path, ToyJob("good"))
    with pytest.raises(UserError, match="no Java"):
        made.execute()
    record = json.loads((tmp_path / "r" / "run.json").read_text())
    assert (record["status"], record["error"]) == ("failed", "UserError: no Java")
    assert not (tmp_path / "r" / "run.lock").exists()


def test_an_interrupted_run_stops_before_the_next_job(tmp_path: Path) -> None:
    made, reporter = make_run(tmp_path, ToyJob("one"), ToyJob("two"))
    report = reporter.report

    def interrupt(event: events.Event) -> None:
        report(event)
        if isinstance(event, events.JobComplete):
            made.interruption.signal = 2

    reporter.report = interrupt  # type: ignore[method-assign]
    with pytest.raises(Interrupted):
        made.execute()
    made.finish_interrupted("the command")
    finished = reporter.events[-1]
    assert isinstance(finished, events.RunFinished)
    assert (finished.status, finished.go_on) == ("interrupted", "the command")
    assert [table["table"] for table in finished.tables] == ["one"]


def test_a_failed_job_is_retried_with_the_same_run_id(tmp_path: Path) -> None:
    first, _ = make_run(tmp_path, ToyJob("one", error=ValueError("broken")))
    assert first.execute() == 1
    second, _ = make_run(tmp_path, ToyJob("one"))
    assert second.execute() == 0
    assert json.loads((tmp_path / "r" / "run.json").read_text())["status"] == "complete"
