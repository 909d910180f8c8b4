"""Runs that are killed several times: the same command resumes them, and they must end with the expected tables."""

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
    when_a_job_begins,
    when_a_part_appears,
    when_a_table_appears,
)
from chaos.processes import Program, Role
from chaos.tables import visible_files

START_SECONDS = 8.0
# The exit statuses after a kill: -9 for the driver; for the JVM a failure, or 0 if the run was already complete.
# A run survives every other kill, with status 0.
ALLOWED_ENDINGS: dict[Role | None, tuple[int, ...]] = {"driver": (-9,), "jvm": (0, 1, 2)}


def kill_and_resume(harness: Harness, random: Random, run_id: str, victims: Sequence[Role]) -> None:
    """Start a run once per victim; start it once more if it is not complete after the last kill."""
    for number, victim in enumerate(victims):
        harness.tally.resumes += number > 0
        moment = choose_moment(harness, random, harness.run_directory(run_id), victim)
        if start_and_kill(harness, random, run_id, victim, moment) == 0:
            harness.compare(run_id)
            return
    harness.resume(run_id)


def start_and_kill(harness: Harness, random: Random, run_id: str, victim: Role, moment: Moment) -> int | None:
    """Start a run, kill one of its processes, and check the tables; return the exit status."""
    run = harness.run_directory(run_id)
    before = visible_files(run)
    with harness.program(run_id, environment=moment.environment) as program:
        killed = kill_at(program, moment, victim, random)
        status = program.wait()
        if status == 0 or random.random() < 0.5:  # else the next start meets the processes left from this one
            harness.time_survivors(run_id, program)
        harness.note(run_id, checks.visible_tables_are_complete(run, harness.expected))
    harness.note(run_id, checks.complete_jobs_are_unchanged(run, before, harness.expected))
    harness.note(run_id, check_ending(victim if killed else None, status, program))
    harness.tally.kills[victim] += killed
    words = f"{victim} killed {moment.words}" if killed else f"{victim} not killed: ended before {moment.words}"
    tables = f"{len(visible_files(run))} of {len(harness.expected)} tables complete"
    print(f"{run_id}: {words}; status {status}, {tables}", flush=True)
    return status


def choose_moment(harness: Harness, random: Random, run: Path, victim: Role) -> Moment:
    """Choose a random moment of a random kind. Complete tables shorten the rest of the run, and so the range."""
    missing = 1 - len(visible_files(run)) / len(harness.expected)
    kinds = ["any", "job", "part", "table"]
    kinds += {"driver": ["start", "operation", "operation", "operation"], "jvm": ["start"]}.get(victim, ["job"])
    kind = random.choice(kinds)
    if kind == "start":
        return after(random.uniform(0.3, START_SECONDS))
    if kind == "job":
        return when_a_job_begins(run, random.uniform(0, 3))
    if kind == "part":
        return when_a_part_appears(run, random.uniform(0, 1.5))
    if kind == "table":
        return when_a_table_appears(run, random.choice([0, 0, 0.05, 0.5]))
    if kind == "operation":
        number = random.randint(1, max(1, round(harness.operations * missing)))
        return before_operation(run, number, harness.directory / "killed-operations.txt")
    return after(random.uniform(0.5, START_SECONDS + missing * max(0.0, harness.seconds - START_SECONDS)))


def check_ending(killed: Role | None, status: int | None, program: Program) -> list[str]:
    """Return the faults in how a program ended. killed: the role of the killed process, None if none was killed."""
    faults = []
    if status not in ALLOWED_ENDINGS.get(killed, (0,)):
        faults.append(f"ended with status {status} after the kill of {killed}:\n{program.printed()}")
    if "Traceback" in program.printed():
        faults.append(f"printed a traceback after the kill of {killed}:\n{program.printed()}")
    return faults
