# PYTHON_ARGCOMPLETE_OK
"""Measure how language models memorize.

    python calculate_metrics.py                                    measure the embedded sample, offline
    python calculate_metrics.py --datasets memories --models 70m   measure the memories of Pythia-70m, from the Hub
    python calculate_metrics.py --datasets my_data/ --plan         show the plan for your own data

An installed package has the script `calculate-metrics`. docs/ explains every option and column.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NoReturn

from spark.runs.driver import Preparation, Program, run_program
from spark.runs.interruption import leave
from spark.runs.invocation import this_command

if TYPE_CHECKING:
    from spark.metrics.configuration import Configuration
    from spark.metrics.job import MetricsJob
    from spark.runs.command_line import CommandLine
    from spark.sources.resolver import Resolver
    from spark.storage.paths import AnyPath

# The commands that a run on the sample suggests.
NEXT = (
    ("your documents and your model", "--datasets MY_DOCUMENTS.jsonl --sequence_tokens 64 --model MY_MODEL"),
    ("what Pythia-70m memorized, from the Hub", "--datasets memories --models 70m --schemes deduped"),
)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return 0 when done, 1 if a job failed, 2 for a UserError, 130 after Ctrl-C."""
    return run_program(Program("calculate_metrics.py", command_line, prepare), arguments)


def command_line() -> CommandLine:
    """Return the options of this program."""
    from spark.metrics.configuration import COMMAND_LINE

    return COMMAND_LINE


def prepare(configuration: Configuration, run_id: str, directory: AnyPath) -> Preparation:
    """Plan the tables of sequences; a job measures each."""
    from filters.registry import choose_filters
    from spark.metrics.added_options import adds_columns
    from spark.metrics.feature_tables import check_feature_settings
    from spark.metrics.jobs import resolve_jobs
    from spark.metrics.output_schema import schema_of
    from spark.metrics.plan import make_plan
    from spark.metrics.planning import plan_sequence_tables
    from spark.metrics.unused_options import require_used_options
    from spark.runs.read_options import require_used_read_options

    filters = choose_filters(configuration.filters)
    check_feature_settings(configuration, filters)
    require_used_options(configuration, filters)
    tables = plan_sequence_tables(configuration)

    def resolve(resolver: Resolver) -> Iterator[MetricsJob]:
        yield from resolve_jobs(tables, filters, configuration, resolver, directory)
        require_used_read_options(configuration, resolver)

    is_sample = configuration.datasets == ("sample",)
    return Preparation(
        schema_of(filters),
        resolve,
        lambda run: make_plan(run_id, directory, tables, filters, configuration),
        may_change=adds_columns,
        next_commands=lambda: [f"Next, {what}: {this_command()} {options}" for what, options in NEXT if is_sample],
    )


def run() -> NoReturn:
    """Run the program and leave with its exit status; the script `calculate-metrics` calls this."""
    leave(main())


if __name__ == "__main__":
    run()
