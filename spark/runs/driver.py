"""The shell of every program: parse the command line, plan or run, report errors, and return the exit status."""

from __future__ import annotations

import locale
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from spark.runs.interruption import Interruption, command_to_go_on, run_interruptibly
from spark.runs.invocation import called_name
from utils import UserError, check_run_id, new_run_id, printable, printable_lines

if TYPE_CHECKING:
    from spark.reporting.events import Event
    from spark.runs.command_line import CommandLine
    from spark.runs.job import Job
    from spark.runs.run import Run
    from spark.runs.run_record import MayChange
    from spark.sources.resolver import Resolver
    from spark.storage.paths import AnyPath


@dataclass(frozen=True)
class Preparation:
    """What a program is going to do.

    schema: columns of the tables, for `run.json`. resolve: yields the jobs, with all their input resolved.
    plan: the event that `--plan` reports. findings: events to report once all tables are complete.
    may_change: whether a run may go on with another value of an option; None: with none.
    next_commands: lines that suggest the next commands.
    """

    schema: Sequence[Mapping[str, str]]
    resolve: Callable[[Resolver], Iterable[Job]]
    plan: Callable[[Run[Any]], Event]
    findings: Callable[[], Iterable[Event]] = tuple
    may_change: MayChange | None = None
    next_commands: Callable[[], Iterable[str]] = tuple


@dataclass(frozen=True)
class Program:
    """A program: its name, its command line, and what it prepares from a configuration, run id and run directory.

    command_line and prepare import slow modules only when they are called.
    """

    name: str
    command_line: Callable[[], CommandLine]
    prepare: Callable[[Any, str, AnyPath], Preparation]


def run_program(program: Program, arguments: list[str] | None) -> int:
    """Run a program; return 0 when done, 1 if a job failed, 2 for a UserError, 130 after Ctrl-C."""
    interruption = Interruption()
    try:
        return run_interruptibly(lambda: _run(program, arguments, interruption), interruption)
    except UserError as error:
        print(f"{called_name(program.name)}: {printable_lines(str(error))}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return interruption.exit_status
    except OSError as error:  # disk, network or permissions
        print(f"{called_name(program.name)}: {printable_lines(str(error))}", file=sys.stderr)
        return 1
    except ModuleNotFoundError as error:
        print(f"{program.name}: {error.name} is not installed for {sys.executable}.", file=sys.stderr)
        script = program.name.removesuffix(".py").replace("_", "-")
        print(
            f"Run `make setup`, then .venv/bin/python {program.name}; or `pip install .`, then {script}.",
            file=sys.stderr,
        )
        return 2


def _run(program: Program, arguments: list[str] | None, interruption: Interruption) -> int:
    # Import slow modules only after the command line has been checked.
    from spark.runs.command_line import read_command_line

    if "PYSPARK_GATEWAY_PORT" in os.environ:
        from spark.session.launch import require_whole_arguments

        require_whole_arguments(sys.argv, sys.getfilesystemencoding(), locale.getencoding())
    configuration, plan_only, report = read_command_line(program.command_line(), arguments)
    run_id = check_run_id(configuration.run_id or new_run_id(datetime.now()))

    from spark.reporting.text_reporters import reporting
    from spark.runs.run import Run
    from spark.runs.run_directory import run_directory

    with reporting(report) as reporter:
        directory = run_directory(configuration, run_id)
        preparation = program.prepare(configuration, run_id, directory)
        run = Run(
            run_id,
            configuration,
            preparation.schema,
            preparation.resolve,
            reporter,
            interruption,
            preparation.findings,
            preparation.may_change,
        )
        if plan_only:
            reporter.report(preparation.plan(run))
            return 0
        go_on = command_to_go_on(run_id, names_the_run=configuration.run_id is not None)
        interruption.afterwards = lambda: run.finish_interrupted(go_on)
        status = run.execute()
    if report == "text" and status == 0:
        for line in preparation.next_commands():
            print(printable(line))
    return status
