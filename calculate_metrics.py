"""Measures how language models memorize.

    python calculate_metrics.py                                    the embedded sample, offline
    python calculate_metrics.py --datasets memories --models 70m   what Pythia-70m memorized, from the Hub
    python calculate_metrics.py --datasets my_data/ --plan         what would be done with your own

README.md says what each option and each column means.
"""

from __future__ import annotations

import os
import sys
from datetime import datetime

from utils import UserError, check_run_id, new_run_id, printable_lines

NEXT_OPTIONS = "--datasets memories --models 70m --schemes deduped"


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line; 0 when done, 1 when a split failed, 2 for what the user can put right, 130 on Ctrl-C."""
    try:
        return calculate_metrics(arguments)
    except UserError as error:
        print(f"calculate_metrics.py: {printable_lines(str(error))}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("calculate_metrics.py: stopped; the same command with --run_id of this run goes on.", file=sys.stderr)
        return 130
    except ModuleNotFoundError as error:
        print(f"calculate_metrics.py: {error.name} is not installed for {sys.executable}.", file=sys.stderr)
        print("Run `make setup`, then .venv/bin/python calculate_metrics.py.", file=sys.stderr)
        return 2


def calculate_metrics(arguments: list[str] | None) -> int:
    """Parse, plan, then measure every split and summarise."""
    # What is slow to import comes after the command line is known to be right.
    from spark.command_line import parse_arguments

    configuration, plan_only = parse_arguments(arguments)
    run_id = check_run_id(configuration.run_id or new_run_id(datetime.now()))

    from rich.console import Console

    from filters import choose_filters
    from spark.feature_tables import check_feature_settings
    from spark.planning import plan_splits
    from spark.run import Run
    from spark.summary import print_plan

    console = Console()
    if not console.is_terminal:
        console = Console(width=120)
    check_feature_settings(configuration)
    run = Run(run_id, configuration, choose_filters(configuration.filters), plan_splits(configuration))
    if plan_only:
        print_plan(console, run.splits, run.filters, configuration, run.directory)
        return 0
    status = run.execute(console)
    if configuration.datasets == ("sample",):
        python = "python" if os.environ.get("VIRTUAL_ENV") else os.path.relpath(sys.executable)
        console.print(f"Next, on real data: {python} {sys.argv[0]} {NEXT_OPTIONS}", highlight=False, soft_wrap=True)
    return status


if __name__ == "__main__":
    sys.exit(main())
