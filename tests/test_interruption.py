"""Ctrl-C and SIGTERM: the program stops, lists the complete tables, and prints the command that resumes the run."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from spark.runs.interruption import Interrupted, Interruption, command_to_go_on, run_interruptibly
from tests.conftest import PROJECT
from tests.programs import calculate_metrics

ROWS = 60_000  # takes some seconds to measure
SECONDS_ALLOWED = 60  # takes a few seconds on an idle machine


@contextmanager
def program(*arguments: str, directory: Path) -> Iterator[subprocess.Popen[str]]:
    """Start calculate_metrics.py with --json; Ctrl-C reaches it even if the tests run in the background."""
    command = [sys.executable, str(PROJECT / "calculate_metrics.py"), "--json", *arguments]
    with subprocess.Popen(
        command,
        cwd=directory,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def read_until(process: subprocess.Popen[str], wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Return the first event for which `wanted` is true."""
    assert process.stdout is not None
    return next(event for event in map(json.loads, process.stdout) if wanted(event))


def write_sequences(path: Path, rows: int) -> str:
    tokens = np.random.default_rng(7).integers(0, 1000, (rows, 64))
    pq.write_table(pa.table({"sequence_id": range(rows), "tokens": list(tokens)}), path)
    return str(path)


@pytest.mark.spark
def test_ctrl_c_stops_a_split_and_the_printed_command_resumes_it(tmp_path: Path) -> None:
    small = write_sequences(tmp_path / "small.parquet", 10)
    large = write_sequences(tmp_path / "my large.parquet", ROWS)
    with program("--datasets", f"{small},{large}", directory=tmp_path) as process:
        read_until(process, lambda event: event["event"] == "progress" and event["job"] == "my_large")
        children = psutil.Process(process.pid).children(recursive=True)
        for _ in range(3):
            process.send_signal(signal.SIGINT)
            time.sleep(0.1)
        finished = read_until(process, lambda event: event["event"] == "run_finished")
        assert process.wait(SECONDS_ALLOWED) == 130
        assert process.stderr is not None
        assert process.stderr.read() == ""
    _, alive = psutil.wait_procs(children, SECONDS_ALLOWED)
    assert children and not alive
    assert finished["status"] == "interrupted"
    assert [table["table"] for table in finished["tables"]] == ["small"]
    (record_file,) = tmp_path.glob("output/*/run.json")
    assert json.loads(record_file.read_text())["status"] == "interrupted"
    assert shlex.split(finished["go_on"])[-2:] == ["--run_id", record_file.parent.name]

    again = subprocess.run(finished["go_on"], shell=True, cwd=tmp_path, capture_output=True, text=True)
    assert (again.returncode, again.stderr) == (0, "")
    events = {event["event"]: event for event in map(json.loads, again.stdout.splitlines())}
    assert [job["complete"] for job in events["run_started"]["jobs"]] == [True, False]
    record = json.loads(record_file.read_text())
    assert [(table["table"], table["rows_measured"]) for table in record["tables"]] == [
        ("small", 10),
        ("my_large", ROWS),
    ]
    assert events["progress"]["this_job"]["rows_total"] == ROWS

    quiet = shlex.split(finished["go_on"].replace("--json", "--quiet"))
    nothing_to_do = subprocess.run(quiet, cwd=tmp_path, capture_output=True, text=True)
    assert (nothing_to_do.returncode, nothing_to_do.stdout, nothing_to_do.stderr) == (0, "", "")


@pytest.mark.spark
def test_a_killed_run_goes_on_with_the_tasks_that_it_has_not_finished(tmp_path: Path) -> None:
    tokens = np.random.default_rng(7).integers(0, 1000, (ROWS, 64)).tolist()
    lines = "".join(f'{{"sequence_id": {row}, "tokens": {tokens[row]}}}\n' for row in range(ROWS))
    (tmp_path / "large.jsonl").write_text(lines)  # several tasks of 4 MB
    arguments = ("--datasets", "large.jsonl", "--run_id", "r")
    with program(*arguments, directory=tmp_path) as process:
        begun = read_until(process, lambda event: event["event"] == "progress" and event["this_job"]["rows_done"])
        tree = [*psutil.Process(process.pid).children(recursive=True), psutil.Process(process.pid)]
        for each in tree:
            each.kill()
    psutil.wait_procs(tree, SECONDS_ALLOWED)
    run = tmp_path / "output" / "r"
    assert list((run / "_unfinished").rglob("*.json"))
    assert not list((run / "metrics").rglob("*.parquet"))

    again = calculate_metrics(*arguments, directory=tmp_path)
    assert (again.returncode, again.stderr) == (0, "")
    found = re.search(r"large: (\d+) rows were measured before the run stopped", (run / "run.log").read_text())
    assert found is not None
    assert begun["this_job"]["rows_done"] <= int(found[1]) < ROWS
    table = pq.read_table(run / "metrics")
    assert sorted(table["sequence_id"].to_pylist()) == list(range(ROWS))
    assert table.sort_by("sequence_id")["tokens"].to_pylist() == tokens
    assert not (run / "_unfinished").exists()


@pytest.mark.parametrize(
    ("number", "status", "after"),
    [
        pytest.param(signal.SIGINT, 130, "resolving_data", id="Ctrl-C while data is looked for"),
        pytest.param(signal.SIGTERM, 143, "run_started", id="SIGTERM while Spark starts"),
    ],
)
@pytest.mark.spark
def test_signal_before_the_first_split_ends_the_run(number: int, status: int, after: str, tmp_path: Path) -> None:
    with program("--run_id", "r", directory=tmp_path) as process:
        read_until(process, lambda event: event["event"] == after)
        process.send_signal(number)
        finished = read_until(process, lambda event: event["event"] == "run_finished")
        assert process.wait(SECONDS_ALLOWED) == status
        assert process.stderr is not None
        assert process.stderr.read() == ""
    assert (finished["status"], finished["tables"]) == ("interrupted", [])
    assert finished["go_on"].endswith("calculate_metrics.py --json --run_id r")
    record = tmp_path / "output" / "r" / "run.json"
    assert record.exists() == (after == "run_started")
    assert after == "resolving_data" or json.loads(record.read_text())["status"] == "interrupted"


def test_function_that_does_not_stop_is_abandoned() -> None:
    interruption = Interruption()
    called: list[str] = []
    interruption.cancel = lambda: called.append("cancelled")
    interruption.afterwards = lambda: called.append("afterwards")

    def work() -> int:
        signal.raise_signal(signal.SIGTERM)
        time.sleep(30)
        return 0

    with pytest.raises(Interrupted):
        run_interruptibly(work, interruption, seconds_to_stop=0.3)
    assert called[0] == "cancelled"
    assert called[-1] == "afterwards"
    assert interruption.exit_status == 143


def test_result_that_was_ready_at_the_signal_is_returned() -> None:
    interruption = Interruption()

    def work() -> int:
        interruption.signal = signal.SIGINT
        return 7

    assert run_interruptibly(work, interruption) == 7


def test_exceptions_of_the_function_are_raised() -> None:
    def work() -> int:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        run_interruptibly(work, Interruption())


@pytest.mark.parametrize(
    ("gateway", "names_the_run", "expected"),
    [
        pytest.param(None, False, "python 'my run.py' --x --run_id r", id="python"),
        pytest.param(None, True, "python 'my run.py' --x", id="python, with its id"),
        pytest.param("1", False, "the same spark-submit command with --run_id r", id="spark-submit"),
        pytest.param("1", True, "the same spark-submit command", id="spark-submit, with its id"),
    ],
)
def test_command_to_go_on_names_the_run_once(
    monkeypatch: pytest.MonkeyPatch, gateway: str | None, names_the_run: bool, expected: str
) -> None:
    monkeypatch.delenv("PYSPARK_GATEWAY_PORT", raising=False)
    if gateway:
        monkeypatch.setenv("PYSPARK_GATEWAY_PORT", gateway)
    assert command_to_go_on("r", names_the_run, ["python", "my run.py", "--x"]) == expected


def test_command_to_go_on_is_printable_and_quoted_for_a_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    hostile = ["echo", "in/e\x1b[31mvil\nx", "it's \\ \u202eabc é", "\udcff\x1bf"]
    monkeypatch.delenv("PYSPARK_GATEWAY_PORT", raising=False)
    command = command_to_go_on("r", names_the_run=True, command=hostile)
    assert command.isprintable()
    printing = command.replace("echo", "printf '%s\\0'", 1)
    pasted = subprocess.run(["bash", "-c", printing], capture_output=True, check=True)
    assert pasted.stdout.split(b"\0")[:-1] == [os.fsencode(each) for each in hostile[1:]]
