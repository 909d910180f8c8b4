"""The harness that all trials share: the command, the tables of an uninterrupted run, and the tally of results."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from chaos import checks
from chaos.moments import operations_environment
from chaos.processes import CALCULATE_METRICS, Program, Role
from chaos.tables import Digest, total_rows, visible_tables

LONGEST_SURVIVAL_SECONDS = 60.0


@dataclass
class Tally:
    """The counts and faults of all trials. longest_survival: the seconds that a process outlived its driver."""

    starts: int = 0
    kills: Counter[Role] = field(default_factory=Counter)
    resumes: int = 0
    rows_compared: int = 0
    longest_survival: float = 0.0
    faults: list[str] = field(default_factory=list)


@dataclass
class Harness:
    """The command under test, and the uninterrupted run that all other runs are compared with.

    script: the program. disk_mib: the size in MiB of the disk that it must fill.
    Of the uninterrupted run: expected: its tables; expected_paths: the other paths in its directory;
    seconds: its duration; operations: the number of operations of its driver on the run's files.
    """

    arguments: Sequence[str]
    directory: Path
    script: Path = CALCULATE_METRICS
    disk_mib: int = 1024
    tally: Tally = field(default_factory=Tally)
    expected: dict[str, Digest] = field(default_factory=dict)
    expected_paths: set[str] = field(default_factory=set)
    seconds: float = 0.0
    operations: int = 0

    def run_directory(self, run_id: str) -> Path:
        """Return the default directory of a run."""
        return self.directory / "output" / run_id

    def with_arguments(self, *arguments: str) -> Harness:
        """Return a harness for other arguments of the program, with the same tally."""
        return replace(self, arguments=arguments, expected={}, expected_paths=set())

    def program(self, run_id: str, *options: str, environment: Mapping[str, str] | None = None) -> Program:
        """Return the program with a run id and further options, not yet started."""
        self.tally.starts += 1
        output = self.directory / f"{run_id}-start-{self.tally.starts}.txt"
        spark = {"SPARK_LOCAL_DIRS": str(self.directory / "spark")}
        arguments = [*self.arguments, "--run_id", run_id, *options]
        return Program(self.script, arguments, self.directory, output, {**spark, **(environment or {})})

    def run_uninterrupted(self, run_id: str, *options: str, environment: Mapping[str, str] | None = None) -> None:
        """Run the command that all other runs are compared with; raise RuntimeError if it fails."""
        run, log = self.run_directory(run_id), self.directory / f"{run_id}-operations.txt"
        recording = {**operations_environment(run, log), **(environment or {})}
        started = time.monotonic()
        with self.program(run_id, *options, environment=recording) as program:
            status = program.wait()
        if status != 0:
            raise RuntimeError(f"{run_id} ended with status {status}:\n{program.printed()}")
        self.seconds = time.monotonic() - started
        self.operations = len(log.read_text().splitlines())
        self.expected, self.expected_paths = visible_tables(run), checks.other_paths(run)
        self.note(run_id, checks.run_is_complete(run, self.expected, self.expected_paths))

    def resume(
        self, run_id: str, *options: str, run: Path | None = None, environment: Mapping[str, str] | None = None
    ) -> None:
        """Start the same command again; the run must then be complete."""
        self.tally.resumes += 1
        with self.program(run_id, *options, environment=environment) as program:
            status = program.wait()
        if status != 0:
            self.note(run_id, [f"resumed and not interrupted, but ended with status {status}:\n{program.printed()}"])
        self.compare(run_id, run)

    def compare(self, run_id: str, run: Path | None = None) -> None:
        """Compare a complete run with the uninterrupted one."""
        run = run or self.run_directory(run_id)
        self.note(run_id, checks.run_is_complete(run, self.expected, self.expected_paths))
        self.tally.rows_compared += total_rows(visible_tables(run))

    def time_survivors(self, run_id: str, program: Program) -> None:
        """Wait until no process of a start is left, and record how long the last one survived."""
        seconds = program.wait_for_survivors(LONGEST_SURVIVAL_SECONDS)
        if seconds is None:
            left = [" ".join(each.cmdline())[:120] for each in program.survivors()]
            self.note(run_id, [f"processes still running {LONGEST_SURVIVAL_SECONDS:.0f} s after the end: {left}"])
        self.tally.longest_survival = max(self.tally.longest_survival, seconds or LONGEST_SURVIVAL_SECONDS)

    def note(self, run_id: str, faults: list[str]) -> None:
        """Record the faults of a run, and print them at once."""
        for fault in faults:
            self.tally.faults.append(f"{self.script.name}, {run_id}: {fault}")
            print(f"FAULT {self.tally.faults[-1]}", flush=True)
