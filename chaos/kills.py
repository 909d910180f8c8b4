"""Lives of runs: each is killed a few times, goes on with the same command, and must end with the expected tables."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from random import Random

from chaos import checks
from chaos.harness import Harness
from chaos.moments import (
    Moment,
    after,
    before_operation,
    kill_at,
    when_a_part_appears,
    when_a_split_begins,
    when_a_table_appears,
)
from chaos.processes import Program, Role
from chaos.tables import visible_files

START_SECONDS = 8.0
# A killed driver ends as killed and a killed JVM in a failure, unless all was done; what is not here is survived.
ALLOWED_ENDINGS: dict[Role | None, tuple[int, ...]] = {"driver": (-9,), "jvm": (0, 1, 2)}


def live(harness: Harness, random: Random, run_id: str, victims: Sequence[Role]) -> None:
    """One life: a start for each victim, and one more where the run is not complete after the last."""
    for number, victim in enumerate(victims):
        harness.tally.resumes += number > 0
        moment = choose_moment(harness, random, harness.run_directory(run_id), victim)
        if start_and_kill(harness, random, run_id, victim, moment) == 0:
            harness.compare(run_id)
            return
    harness.go_on_to_the_end(run_id)


def start_and_kill(harness: Harness, random: Random, run_id: str, victim: Role, moment: Moment) -> int | None:
    """One start and one kill, after which nothing may look complete that is not; the exit status."""
    run = harness.run_directory(run_id)
    before = visible_files(run)
    with harness.program(run_id, environment=moment.environment) as program:
        killed = kill_at(program, moment, victim, random)
        status = program.wait()
        if status == 0 or random.random() < 0.5:  # else the next start meets what is left of this one
            harness.time_survivors(run_id, program)
        harness.note(run_id, checks.nothing_looks_complete_and_is_not(run, harness.expected))
    harness.note(run_id, checks.complete_splits_are_untouched(run, before, harness.expected))
    harness.note(run_id, wrong_ending(victim if killed else None, status, program))
    harness.tally.kills[victim] += killed
    words = f"{victim} killed {moment.words}" if killed else f"missed {victim} {moment.words}"
    there = f"{len(visible_files(run))} of {len(harness.expected)} tables there"
    print(f"{run_id}: {words}; status {status}, {there}", flush=True)
    return status


def choose_moment(harness: Harness, random: Random, run: Path, victim: Role) -> Moment:
    """A moment at random, of a kind at random; what is complete already shortens what is to come."""
    missing = 1 - len(visible_files(run)) / len(harness.expected)
    kinds = ["any", "split", "part", "table"]
    kinds += {"driver": ["start", "operation", "operation", "operation"], "jvm": ["start"]}.get(victim, ["split"])
    kind = random.choice(kinds)
    if kind == "start":
        return after(random.uniform(0.3, START_SECONDS))
    if kind == "split":
        return when_a_split_begins(run, random.uniform(0, 3))
    if kind == "part":
        return when_a_part_appears(run, random.uniform(0, 1.5))
    if kind == "table":
        return when_a_table_appears(run, random.choice([0, 0, 0.05, 0.5]))
    if kind == "operation":
        number = random.randint(1, max(1, round(harness.operations * missing)))
        return before_operation(run, number, harness.directory / "killed-operations.txt")
    return after(random.uniform(0.5, START_SECONDS + missing * max(0.0, harness.seconds - START_SECONDS)))


def wrong_ending(killed: Role | None, status: int | None, program: Program) -> list[str]:
    """What is wrong with how a start ended of which this was killed."""
    faults = []
    if status not in ALLOWED_ENDINGS.get(killed, (0,)):
        faults.append(f"ended with status {status} after the kill of {killed}:\n{program.printed()}")
    if "Traceback" in program.printed():
        faults.append(f"printed a traceback after the kill of {killed}:\n{program.printed()}")
    return faults
