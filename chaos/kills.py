"""Lives of runs: each is killed a few times, goes on with the same command, and must end with the expected tables."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from chaos import checks
from chaos.moments import (
    Moment,
    after,
    before_operation,
    kill_at,
    operations_environment,
    when_a_part_appears,
    when_a_table_appears,
)
from chaos.processes import Program, Role
from chaos.tables import Digest, total_rows, visible_files, visible_tables

SURVIVORS_MAY_LIVE_SECONDS = 60.0
START_SECONDS = 8.0


@dataclass
class Harness:
    """What all lives share, and what came of them.

    expected: the tables of the uninterrupted run; layout: what else lies in its directory; seconds: how long it took;
    operations: how often its driver changed the run's files.
    """

    arguments: Sequence[str]
    directory: Path
    random: Random
    expected: dict[str, Digest] = field(default_factory=dict)
    layout: set[str] = field(default_factory=set)
    seconds: float = 0.0
    operations: int = 0
    starts: int = 0
    kills: Counter[Role] = field(default_factory=Counter)
    resumes: int = 0
    rows_compared: int = 0
    longest_survival: float = 0.0
    faults: list[str] = field(default_factory=list)

    def run_directory(self, run_id: str) -> Path:
        """Where a run writes."""
        return self.directory / "output" / run_id

    def program(self, run_id: str, moment: Moment | None = None) -> Program:
        """The same command as ever, with the id of a run."""
        self.starts += 1
        environment = {"SPARK_LOCAL_DIRS": str(self.directory / "spark")}
        environment |= moment.environment if moment else {}
        output = self.directory / f"{run_id}-start-{self.starts}.txt"
        return Program([*self.arguments, "--run_id", run_id], self.directory, output, environment)

    def run_undisturbed(self) -> None:
        """The run that all others are compared with."""
        run, log = self.run_directory("undisturbed"), self.directory / "operations.txt"
        recording = Moment("", lambda: False, environment=operations_environment(run, log))
        started = time.monotonic()
        with self.program("undisturbed", recording) as program:
            status = program.wait()
        if status != 0:
            raise RuntimeError(f"the undisturbed run ended with status {status}:\n{program.printed()}")
        self.seconds = time.monotonic() - started
        self.operations = len(log.read_text().splitlines())
        self.expected, self.layout = visible_tables(run), checks.layout_of(run)
        self.note(run, checks.run_is_whole(run, self.expected, self.layout))

    def live(self, run_id: str, victims: Sequence[Role]) -> None:
        """One life: a start for each victim, and one more where the run is not complete after the last."""
        complete = any(self.attempt(run_id, number, victim) for number, victim in enumerate(victims))
        complete = complete or self.attempt(run_id, len(victims), None)
        if not complete:
            self.fault(run_id, "is not complete after a start that nothing disturbed")

    def attempt(self, run_id: str, number: int, victim: Role | None) -> bool:
        """One start, killed where a victim is named; whether the run is complete after it."""
        run = self.run_directory(run_id)
        before = visible_files(run)
        self.resumes += number > 0
        moment = self.choose_moment(run, victim) if victim else None
        with self.program(run_id, moment) as program:
            killed = bool(victim and moment and kill_at(program, moment, victim, self.random))
            status = program.wait()
            if self.random.random() < 0.5:
                self.time_survivors(run_id, program)
            words = f"{victim} {moment.words}" if killed and moment else "nothing"
            if killed and victim:
                self.kills[victim] += 1
            self.note(run, checks.nothing_looks_complete_and_is_not(run, self.expected))
            self.note(run, checks.complete_splits_are_untouched(run, before, self.expected))
            self.judge_ending(run_id, victim if killed else None, status, program)
            print(
                f"{run_id}, start {number + 1}: killed {words}; ended with status {status}, "
                f"{len(visible_files(run))} of {len(self.expected)} tables there",
                flush=True,
            )
            if status == 0:
                self.time_survivors(run_id, program)
                self.note(run, checks.run_is_whole(run, self.expected, self.layout))
                self.rows_compared += total_rows(visible_tables(run))
        return status == 0

    def choose_moment(self, run: Path, victim: Role) -> Moment:
        """A moment at random, of a kind at random; what is complete already shortens what is to come."""
        missing = 1 - len(visible_files(run)) / len(self.expected)
        kinds = ["start", "any", "part", "table", *(["operation"] * 2 if victim == "driver" else [])]
        kind = self.random.choice(kinds if victim in ("driver", "jvm") else ["any", "part", "part"])
        if kind == "start":
            return after(self.random.uniform(0.3, START_SECONDS))
        if kind == "part":
            return when_a_part_appears(run, self.random.uniform(0, 1.5))
        if kind == "table":
            return when_a_table_appears(run, self.random.choice([0, 0, 0.05, 0.5]))
        if kind == "operation":
            number = self.random.randint(1, max(1, round(self.operations * missing)))
            return before_operation(run, number, self.directory / "killed-operations.txt")
        return after(self.random.uniform(0.5, START_SECONDS + missing * max(0.0, self.seconds - START_SECONDS)))

    def judge_ending(self, run_id: str, killed: Role | None, status: int | None, program: Program) -> None:
        """A killed driver ends as killed, a killed JVM in a failure that is said; all else is survived."""
        allowed = {"driver": (-9,), "jvm": (0, 1, 2)}.get(killed or "", (0,))
        if status not in allowed:
            self.fault(run_id, f"ended with status {status} after the kill of {killed}:\n{program.printed()}")
        if "Traceback" in program.printed():
            self.fault(run_id, f"printed a traceback after the kill of {killed}: {program.output}")

    def time_survivors(self, run_id: str, program: Program) -> None:
        """Waits until no process of a start is left, and notes for how long one lived on."""
        seconds = program.wait_for_survivors(SURVIVORS_MAY_LIVE_SECONDS)
        if seconds is None:
            left = [" ".join(each.cmdline())[:120] for each in program.survivors()]
            self.fault(run_id, f"processes live on {SURVIVORS_MAY_LIVE_SECONDS:.0f} s after the end: {left}")
        self.longest_survival = max(self.longest_survival, seconds or SURVIVORS_MAY_LIVE_SECONDS)

    def note(self, run: Path, faults: list[str]) -> None:
        for each in faults:
            self.fault(run.name, each)

    def fault(self, run_id: str, words: str) -> None:
        """Notes what must not be, and says it at once."""
        self.faults.append(f"{run_id}: {words}")
        print(f"FAULT {run_id}: {words}", flush=True)
