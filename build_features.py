# PYTHON_ARGCOMPLETE_OK
"""Build feature tables of a training corpus for calculate_metrics.py, or write the corpus without duplicates.

    python build_features.py                                              read the embedded sample, offline
    python build_features.py --corpus document.bin --sequences mine.parquet --features duplicates
    python build_features.py --corpus document.bin --deduplicate exact,fuzzy
    python build_features.py --corpus my_corpus/ --plan                   print what would be done

docs/corpus.md explains every option and table.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NoReturn

from spark.runs.driver import Preparation, Program, run_program
from spark.runs.interruption import leave
from spark.runs.invocation import command_of

if TYPE_CHECKING:
    from spark.corpus.configuration import FeatureConfiguration
    from spark.runs.command_line import CommandLine
    from spark.storage.paths import AnyPath


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return 0 when done, 1 if a job failed, 2 for a UserError, 130 after Ctrl-C."""
    return run_program(Program("build_features.py", command_line, prepare), arguments)


def command_line() -> CommandLine:
    """Return the options of this program."""
    from spark.corpus.configuration import COMMAND_LINE

    return COMMAND_LINE


def prepare(configuration: FeatureConfiguration, run_id: str, directory: AnyPath) -> Preparation:
    """Plan every feature of every corpus; each becomes one job."""
    from spark.corpus.joining import joining_commands
    from spark.corpus.planning import plan_features
    from spark.corpus.resolve import resolve_features
    from spark.corpus.summary import deduplications, make_feature_plan, schema_of_features
    from spark.metrics.configuration import Configuration
    from spark.runs.options import declared_options

    planned = plan_features(configuration)
    shared = [name for name in declared_options(Configuration) if name in declared_options(type(configuration))]

    def next_commands() -> Iterator[str]:
        for arguments in joining_commands(planned, configuration, directory, shared):
            yield f"Next, join them: {command_of('calculate_metrics.py')} {arguments}"

    return Preparation(
        schema_of_features(planned, configuration),
        lambda resolver: resolve_features(planned, configuration, directory, resolver),
        lambda run: make_feature_plan(run_id, directory, run.resolved()),
        findings=lambda: deduplications(planned, directory),
        next_commands=next_commands,
    )


def run() -> NoReturn:
    """Run the program and exit with its status; the entry point of the installed script `build-features`."""
    leave(main())


if __name__ == "__main__":
    run()
