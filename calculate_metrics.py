"""Measures how language models memorize.

    python calculate_metrics.py                                    the embedded sample, offline
    python calculate_metrics.py --datasets memories --models 70m   what Pythia-70m memorized, from the Hub
    python calculate_metrics.py --datasets my_data/ --plan         what would be done with your own

README.md says what each option and each column means.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, NoReturn

from spark.runs.driver import run_driver
from spark.runs.interruption import Interruption, command_to_go_on, leave
from utils import check_run_id, new_run_id

if TYPE_CHECKING:
    from spark.sources.resolver import Resolver

NEXT_OPTIONS = "--datasets memories --models 70m --schemes deduped"


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line; 0 when done, 1 when a split failed, 2 for what the user can put right, 130 on Ctrl-C."""
    return run_driver("calculate_metrics.py", calculate_metrics, arguments)


def calculate_metrics(arguments: list[str] | None, interruption: Interruption) -> int:
    """Parse, plan, then measure every split and summarise."""
    # What is slow to import comes after the command line is known to be right.
    from spark.metrics.command_line import parse_arguments

    configuration, plan_only, report = parse_arguments(arguments)
    run_id = check_run_id(configuration.run_id or new_run_id(datetime.now()))

    from filters.registry import choose_filters
    from spark.metrics.feature_tables import check_feature_settings
    from spark.metrics.job import MetricsJob
    from spark.metrics.output_schema import schema_of
    from spark.metrics.plan import make_plan
    from spark.metrics.planning import plan_splits
    from spark.metrics.resolve import resolve_split
    from spark.reporting.text_reporters import reporting
    from spark.runs.run import Run, run_directory

    with reporting(report) as reporter:
        filters = choose_filters(configuration.filters)
        check_feature_settings(configuration, filters)
        splits = plan_splits(configuration)
        directory = run_directory(configuration, run_id)
        if plan_only:
            reporter.report(make_plan(run_id, directory, splits, filters, configuration))
            return 0

        def resolve(resolver: Resolver) -> Iterator[MetricsJob]:
            for split in splits:
                resolved = resolve_split(split, filters, configuration, resolver)
                yield MetricsJob(resolved, filters, configuration, directory)

        run = Run(run_id, configuration, schema_of(filters), resolve, reporter, interruption)
        go_on = command_to_go_on(run_id, names_the_run=configuration.run_id is not None)
        interruption.afterwards = lambda: run.finish_interrupted(go_on)
        status = run.execute()
    if configuration.datasets == ("sample",) and report == "text":
        python = "python" if os.environ.get("VIRTUAL_ENV") else os.path.relpath(sys.executable)
        print(f"Next, on real data: {python} {sys.argv[0]} {NEXT_OPTIONS}")
    return status


def run() -> NoReturn:
    """Run the program and leave with its exit status; the script `calculate-metrics` calls this."""
    leave(main())


if __name__ == "__main__":
    run()
