"""What `make history` takes, and what it says where there is nothing to open."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from spark.session.history import event_log_directory, free_port, main, quoted
from utils import UserError


@pytest.mark.parametrize(
    ("below", "expected"),
    [
        pytest.param(None, "no such directory", id="no run"),
        pytest.param("run.json", "has no event log", id="no event log"),
        pytest.param("spark-events/.log4j2.properties", "has no event log", id="Spark was never started"),
    ],
)
def test_where_there_is_nothing_to_open(
    below: str | None, expected: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "\x1b[31mrun"
    if below:
        (run / below).parent.mkdir(parents=True)
        (run / below).touch()
    assert main([str(run)]) == 2
    printed = capsys.readouterr().err
    assert expected in printed
    assert "\x1b" not in printed


def test_the_run_must_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([""]) == 2
    assert "make history RUN=output/RUN_ID" in capsys.readouterr().err


def test_the_event_log_of_a_run(tmp_path: Path) -> None:
    events = tmp_path / "spark-events"
    (events / "eventlog_v2_local-1").mkdir(parents=True)
    assert event_log_directory(str(tmp_path)) == events


def test_a_port_that_is_taken_is_passed_over() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert free_port(port) > port
        with pytest.raises(UserError, match="are all taken"):
            free_port(port, tried=1)


def test_options_reach_spark_as_they_are() -> None:
    assert quoted('-Da=/x y/"z"\\') == '"-Da=/x y/\\"z\\"\\\\"'
