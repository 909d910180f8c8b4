"""A short `make chaos`: a run that is killed three times must end with the tables of an uninterrupted run."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from chaos.data import make_data
from chaos.harness import Harness
from chaos.kills import start_and_kill
from chaos.moments import (
    before_operation,
    operations_environment,
    when_a_job_begins,
    when_a_part_appears,
)
from chaos.processes import BUILD_FEATURES, CALCULATE_METRICS, Program
from sample.paths import tokenizer_path

ROWS = 4_000
OPTIONS = ("--filters", "repetition,compressibility", "--tokenizer", str(tokenizer_path()))


@pytest.mark.timeout(600)
@pytest.mark.chaos
@pytest.mark.spark
def test_a_run_killed_three_times_ends_with_the_same_tables(tmp_path: Path) -> None:
    make_data(tmp_path / "data", ROWS)
    datasets = f"{tmp_path / 'data' / 'memories'},{tmp_path / 'data' / 'random.parquet'}"
    harness, random = Harness(("--datasets", datasets, *OPTIONS), tmp_path), Random(0)
    harness.run_uninterrupted("uninterrupted")
    run = harness.run_directory("killed")
    in_the_middle = before_operation(run, random.randint(15, harness.operations // 2), tmp_path / "operations")
    assert start_and_kill(harness, random, "killed", "driver", in_the_middle) == -9
    assert start_and_kill(harness, random, "killed", "jvm", when_a_part_appears(run, random.uniform(0, 0.2))) == 1
    assert start_and_kill(harness, random, "killed", "worker", when_a_job_begins(run, random.uniform(0, 1))) == 0
    harness.compare("killed")
    assert harness.tally.faults == []
    assert dict(harness.tally.kills) == {"driver": 1, "jvm": 1, "worker": 1}


@pytest.mark.parametrize("name", [CALCULATE_METRICS.name, BUILD_FEATURES.name, "another.py"])
def test_only_the_two_programs_are_killed_before_an_operation(tmp_path: Path, name: str) -> None:
    script, run, log = tmp_path / name, tmp_path / "run", tmp_path / "operations"
    heartbeat = "open('run/run.lock', 'w').close()"  # not counted
    script.write_text(f"import os\n{heartbeat}\nos.mkdir('run/one')\n{heartbeat}\nos.mkdir('run/two')\n")
    run.mkdir()
    environment = operations_environment(run, log) | {"CHAOS_KILL_BEFORE": "2"}
    with Program(script, [], tmp_path, tmp_path / "printed", environment) as program:
        status = program.wait()
    is_program = name != "another.py"
    assert status == (-9 if is_program else 0)
    assert (run / "one").exists() and (run / "two").exists() != is_program
    assert log.exists() == is_program
