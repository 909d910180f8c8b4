"""`RunProgress`: rows, phases, shares and time left, with finished and failed jobs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest

from spark.reporting import events
from spark.reporting.events import KnownJob
from spark.reporting.progress import RunProgress
from spark.runs.run import spark_started
from spark.session.job_descriptions import MEASURE, phase

SECONDS_ALLOWED = 120


class Collector:
    """A reporter that keeps all events."""

    def __init__(self, seconds_between_progress: float | None = 0.0) -> None:
        self.seconds_between_progress = seconds_between_progress
        self.events: list[events.Progress] = []

    def report(self, event: events.Event) -> None:
        assert isinstance(event, events.Progress)
        self.events.append(event)

    def close(self) -> None:
        pass

    def wait_for(self, wanted: Callable[[events.Progress], bool]) -> events.Progress:
        deadline = time.monotonic() + SECONDS_ALLOWED
        while time.monotonic() < deadline:
            for event in list(self.events):
                if wanted(event):
                    return event
            time.sleep(0.1)
        raise AssertionError(f"no such event: {self.events}")


def measure(spark: Any, rows_done: Any, collector: Collector, job: str, gates: Path) -> events.Progress:
    """Run two tasks, of 10 and 30 rows; return the event between them. Each task waits for the event before it."""
    gates.mkdir()

    def work(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        (number,) = [batch["id"][0].as_py() for batch in batches]
        deadline = time.monotonic() + SECONDS_ALLOWED
        while not (gates / str(number)).exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        rows_done.add((10, 30)[number])
        yield pa.RecordBatch.from_pydict({"id": [number]})

    def open_gates() -> events.Progress:
        collector.wait_for(lambda event: (event.job, event.phase) == (job, MEASURE))
        (gates / "0").touch()
        seen = collector.wait_for(lambda event: event.job == job and event.this_job.rows_done == 10)
        (gates / "1").touch()
        return seen

    with ThreadPoolExecutor(1) as pool, phase(spark, MEASURE):
        seen = pool.submit(open_gates)
        spark.range(0, 2, numPartitions=2).mapInArrow(work, "id long").collect()
        return seen.result()


@pytest.mark.parametrize("known_rows", [True, False], ids=["rows known", "rows not known"])
def test_rows_shares_and_time_left_of_the_jobs_and_the_run(spark: Any, tmp_path: Path, known_rows: bool) -> None:
    collector = Collector()
    names = ("one", "two", "three")
    jobs = [KnownJob(f"{name} {known_rows}", 40 if known_rows else None, 100, complete=False) for name in names]
    progress = RunProgress(collector, jobs)
    between = []
    for job in (jobs[0], jobs[2]):
        with progress.job(spark.sparkContext) as rows_done:
            between.append(measure(spark, rows_done, collector, job.job, tmp_path / job.job))
            assert rows_done.value == 40
        if job is jobs[0]:
            with pytest.raises(ValueError, match="broken"), progress.job(spark.sparkContext):
                raise ValueError("broken")
    first, last = between
    assert first.phase == MEASURE
    assert first.this_job.rows_total == (40 if known_rows else None)
    # Ten of forty rows, or one of two tasks.
    assert first.this_job.share == (0.25 if known_rows else 0.5)
    assert first.whole_run.rows_done == 10
    assert first.whole_run.rows_total == (120 if known_rows else None)
    assert first.whole_run.share == pytest.approx(10 / 120 if known_rows else 0.5 * 100 / 300)
    # The failed job counts neither as done nor as remaining.
    assert last.whole_run.rows_done == 50
    assert last.whole_run.rows_total == (80 if known_rows else None)
    assert last.whole_run.share == pytest.approx(50 / 80 if known_rows else 150 / 200)
    for advance in (first.this_job, first.whole_run, last.whole_run):
        assert advance.rows_per_second is not None
        assert advance.seconds_left is not None
    before = [event.this_job for event in collector.events if event.this_job.rows_done == 0]
    assert before
    assert all((each.rows_total, each.share, each.seconds_left) == (jobs[0].rows, None, None) for each in before)


def test_descriptions_end_with_their_block(spark: Any) -> None:
    context = spark.sparkContext
    with RunProgress(Collector(None), [KnownJob("s", 1, 1, False)]).job(context):
        with phase(spark, "outer"):
            with phase(spark, "inner"):
                assert context.getLocalProperty("spark.job.description") == "s: inner"
            assert context.getLocalProperty("spark.job.description") == "s: outer"
            assert context.getLocalProperty("callSite.short") == "outer"
        assert context.getLocalProperty("spark.jobGroup.id") == "s"
    assert context.getLocalProperty("spark.job.description") is None
    assert context.getLocalProperty("spark.jobGroup.id") is None


@pytest.mark.parametrize(
    ("asked", "ui", "taken"),
    [
        pytest.param(None, "http://127.0.0.1:4040", None, id="free"),
        pytest.param(None, "http://127.0.0.1:4041", 4040, id="in use"),
        pytest.param("5050", "http://127.0.0.1:5052", 5050, id="another, in use"),
        pytest.param("0", "http://127.0.0.1:38123", None, id="any"),
        pytest.param(None, None, None, id="no UI"),
    ],
)
def test_the_address_of_the_ui_and_a_port_in_use(asked: str | None, ui: str | None, taken: int | None) -> None:
    conf = SimpleNamespace(get=lambda _, default: asked or default)
    context: Any = SimpleNamespace(uiWebUrl=ui, getConf=lambda: conf)
    assert spark_started(context) == events.SparkStarted(ui, taken)
