"""The plan of a run, as `--plan` prints it."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console

from spark.reporting.events import FeaturePlan, Plan, PlannedJob, PlannedTable
from utils import printable

HEADING_WIDTH = 17  # of the longest heading, its colon and two spaces


def print_plan(console: Console, plan: Plan) -> None:
    """Print the plan of `calculate_metrics.py`."""
    for job in plan.jobs:
        _print_block(console, job.job, _job_lines(job))
    _print_line(console, f"Filters: {', '.join(plan.filters)}")
    if plan.sample_size is not None:
        _print_line(console, f"Sample: {plan.sample_size:,} sequences per split, seed {plan.sample_seed}")
    _print_line(console, f"Output: {plan.directory}")


def print_feature_plan(console: Console, plan: FeaturePlan) -> None:
    """Print the plan of `build_features.py`."""
    for table in plan.features:
        _print_block(console, table.feature, _table_lines(table))
    _print_line(console, f"Output: {plan.directory}")


def _job_lines(job: PlannedJob) -> dict[str, str]:
    return {
        "read from": job.read_from,
        "tokenizer": job.tokenizer or "none; give --tokenizer to decode tokens and encode text",
        "language model": job.language_model or "none",
        "feature tables": ", ".join(job.feature_tables) or "none; their columns will be null",
        "written to": ", ".join(job.written_to),
    }


def _table_lines(table: PlannedTable) -> dict[str, str]:
    rows = "number of rows not known yet" if table.rows is None else f"{table.rows:,} rows"
    lines = {"corpus": f"{table.corpus} ({rows}, {table.bytes / 1e6:,.1f} MB)"}
    if table.sequences is not None:
        lines["sequences"] = table.sequences
    if table.sequences is not None or table.strategy is not None:
        lines["strategy"] = table.strategy or "chosen after the sequences are counted"
    if table.memorized is not None:
        lines["memorized"] = table.memorized
    return lines | {"written to": ", ".join(table.written_to)}


def _print_block(console: Console, name: str, lines: Mapping[str, str]) -> None:
    console.print(printable(name), style="bold", markup=False)
    for heading, content in lines.items():
        _print_line(console, f"  {heading + ':':<{HEADING_WIDTH}}{content}")


def _print_line(console: Console, line: str) -> None:
    console.print(printable(line), highlight=False, soft_wrap=True, markup=False)
