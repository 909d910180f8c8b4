"""Builds from a training corpus the feature tables that calculate_metrics.py joins, or the corpus without duplicates.

    python build_features.py                                              those of the embedded sample, offline
    python build_features.py --corpus document.bin --sequences mine.parquet --features duplicates
    python build_features.py --corpus document.bin --deduplicate exact,fuzzy
    python build_features.py --corpus my_corpus/ --plan                   what would be built of your own corpus

README.md says what each option and each table means.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, NoReturn

from spark.runs.driver import run_driver
from spark.runs.interruption import Interruption, command_to_go_on, leave
from utils import check_run_id, new_run_id

if TYPE_CHECKING:
    from spark.corpus.job import FeatureJob
    from spark.reporting.events import Deduplicated
    from spark.sources.resolver import Resolver


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line; 0 when done, 1 when a feature failed, 2 for what the user can put right, 130 on Ctrl-C."""
    return run_driver("build_features.py", build_features, arguments)


def build_features(arguments: list[str] | None, interruption: Interruption) -> int:
    """Parse, plan, then build every feature of every corpus and summarise."""
    # What is slow to import comes after the command line is known to be right.
    from spark.corpus.command_line import parse_feature_arguments

    configuration, plan_only, report = parse_feature_arguments(arguments)
    run_id = check_run_id(configuration.run_id or new_run_id(datetime.now()))

    from spark.corpus.planning import plan_features
    from spark.corpus.resolve import resolve_features
    from spark.corpus.summary import deduplications, joining_command, make_feature_plan, schema_of_features
    from spark.reporting.text_reporters import reporting
    from spark.runs.run import Run, run_directory

    directory = run_directory(configuration, run_id)
    with reporting(report) as reporter:
        planned = plan_features(configuration)

        def resolve(resolver: Resolver) -> Iterator[FeatureJob]:
            return resolve_features(planned, configuration, directory, resolver)

        def findings() -> Iterator[Deduplicated]:
            return deduplications(planned, directory)

        run = Run(run_id, configuration, schema_of_features(planned), resolve, reporter, interruption, findings)
        if plan_only:
            reporter.report(make_feature_plan(run_id, directory, run.resolved()))
            return 0
        go_on = command_to_go_on(run_id, names_the_run=configuration.run_id is not None)
        interruption.afterwards = lambda: run.finish_interrupted(go_on)
        status = run.execute()
    if report == "text" and status == 0 and configuration.features:
        print(f"Next, join them: {joining_command(planned, directory)}")
    return status


def run() -> NoReturn:
    """Run the program and leave with its exit status; the script `build-features` calls this."""
    leave(main())


if __name__ == "__main__":
    run()
