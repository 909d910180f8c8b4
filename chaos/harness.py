"""What all trials share: the command, the tables that it gives when nothing disturbs it, and what came of it all."""

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

SURVIVORS_MAY_LIVE_SECONDS = 60.0


@dataclass
class Tally:
    """What was done and found, over all trials; `longest_survival`: of a process after its run, in seconds."""

    starts: int = 0
    kills: Counter[Role] = field(default_factory=Counter)
    resumes: int = 0
    rows_compared: int = 0
    longest_survival: float = 0.0
    faults: list[str] = field(default_factory=list)


@dataclass
class Harness:
    """The command that is tried, and the uninterrupted run that every other is compared with.

    script: the program; disk_mib: the size of a disk that it is to fill.
    expected: the tables of that run; layout: what else lies in its directory; seconds: how long it took;
    operations: how often its driver changed the run's files.
    """

    arguments: Sequence[str]
    directory: Path
    script: Path = CALCULATE_METRICS
    disk_mib: int = 1024
    tally: Tally = field(default_factory=Tally)
    expected: dict[str, Digest] = field(default_factory=dict)
    layout: set[str] = field(default_factory=set)
    seconds: float = 0.0
    operations: int = 0

    def run_directory(self, run_id: str) -> Path:
        """Where a run writes that is not told to write elsewhere."""
        return self.directory / "output" / run_id

    def measuring(self, *arguments: str) -> Harness:
        """A harness of another command, with the same tally."""
        return replace(self, arguments=arguments, expected={}, layout=set())

    def program(self, run_id: str, *options: str, environment: Mapping[str, str] | None = None) -> Program:
        """The command with the id of a run and further options, to be started."""
        self.tally.starts += 1
        output = self.directory / f"{run_id}-start-{self.tally.starts}.txt"
        spark = {"SPARK_LOCAL_DIRS": str(self.directory / "spark")}
        arguments = [*self.arguments, "--run_id", run_id, *options]
        return Program(self.script, arguments, self.directory, output, {**spark, **(environment or {})})

    def run_undisturbed(self, run_id: str, *options: str, environment: Mapping[str, str] | None = None) -> None:
        """The run that all others are compared with; raises RuntimeError where it fails."""
        run, log = self.run_directory(run_id), self.directory / f"{run_id}-operations.txt"
        recording = {**operations_environment(run, log), **(environment or {})}
        started = time.monotonic()
        with self.program(run_id, *options, environment=recording) as program:
            status = program.wait()
        if status != 0:
            raise RuntimeError(f"{run_id} ended with status {status}:\n{program.printed()}")
        self.seconds = time.monotonic() - started
        self.operations = len(log.read_text().splitlines())
        self.expected, self.layout = visible_tables(run), checks.layout_of(run)
        self.note(run_id, checks.run_is_whole(run, self.expected, self.layout))

    def go_on_to_the_end(
        self, run_id: str, *options: str, run: Path | None = None, environment: Mapping[str, str] | None = None
    ) -> None:
        """The same command once more, after which the run must be whole."""
        self.tally.resumes += 1
        with self.program(run_id, *options, environment=environment) as program:
            status = program.wait()
        if status != 0:
            self.note(run_id, [f"ended with status {status}, though nothing disturbed it:\n{program.printed()}"])
        self.compare(run_id, run)

    def compare(self, run_id: str, run: Path | None = None) -> None:
        """Compares a complete run with the undisturbed one."""
        run = run or self.run_directory(run_id)
        self.note(run_id, checks.run_is_whole(run, self.expected, self.layout))
        self.tally.rows_compared += total_rows(visible_tables(run))

    def time_survivors(self, run_id: str, program: Program) -> None:
        """Waits until no process of a start is left, and notes for how long one lived on."""
        seconds = program.wait_for_survivors(SURVIVORS_MAY_LIVE_SECONDS)
        if seconds is None:
            left = [" ".join(each.cmdline())[:120] for each in program.survivors()]
            self.note(run_id, [f"processes live on {SURVIVORS_MAY_LIVE_SECONDS:.0f} s after the end: {left}"])
        self.tally.longest_survival = max(self.tally.longest_survival, seconds or SURVIVORS_MAY_LIVE_SECONDS)

    def note(self, run_id: str, faults: list[str]) -> None:
        """Notes what must not be, and says it at once."""
        for words in faults:
            self.tally.faults.append(f"{self.script.name}, {run_id}: {words}")
            print(f"FAULT {self.tally.faults[-1]}", flush=True)
