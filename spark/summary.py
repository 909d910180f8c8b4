"""What a person reads: the plan before a run, and the table at its end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from filters.contract import Filter
from spark.configuration import FEATURE_TABLES, Configuration
from spark.events import Plan, PlannedSplit
from spark.feature_tables import feature_locations
from spark.language_models import asked_model
from spark.sink import partition_path
from spark.split import Split
from spark.storage import AnyPath
from utils import printable

NAMED = 6  # null columns that the summary names, for each reason
SHARES = {"incrementing": "increments", "repeating": "repeats", "code": "code", "memorized": "memorized"}


def make_plan(
    run_id: str,
    run_directory: AnyPath,
    splits: Iterable[Split],
    filters: tuple[Filter, ...],
    configuration: Configuration,
) -> Plan:
    """What a run would read, measure and write."""

    joined = {each.feature_table for each in filters} | {name for each in filters for name in each.reads}

    def planned(split: Split) -> PlannedSplit:
        tables = [name for name in FEATURE_TABLES if name in joined]
        features = [name for name in tables if feature_locations(name, configuration, split, split.models[0])]
        location = asked_model(split, split.models, filters)
        language_model = str(location) if location else None
        written = [str(partition_path(split.dataset, split.scheme, model)) for model in split.models]
        return PlannedSplit(split.description, str(split.location), split.tokenizer, language_model, features, written)

    return Plan(
        run_id,
        str(run_directory),
        [planned(split) for split in splits],
        [each.name for each in filters],
        configuration.sample_size,
        configuration.sample_seed,
    )


def print_plan(console: Console, plan: Plan) -> None:
    """The plan, as a person reads it."""
    for split in plan.splits:
        lines = {
            "read from": split.read_from,
            "tokenizer": split.tokenizer or "none known (give --tokenizer): nothing is decoded or encoded",
            "language model": split.language_model or "none asked",
            "feature tables": ", ".join(split.feature_tables) or "none given: joined columns are null",
            "written to": ", ".join(split.written_to),
        }
        console.print(printable(split.split), style="bold", markup=False)
        for heading, content in lines.items():
            console.print(f"  {heading:<16}{printable(content)}", highlight=False, soft_wrap=True, markup=False)
    console.print(f"Filters: {', '.join(plan.filters)}", highlight=False, soft_wrap=True)
    if plan.sample_size is not None:
        drawn = f"{plan.sample_size:,} sequences of each split, seed {plan.sample_seed}"
        console.print(f"Sample: {drawn}", highlight=False)
    console.print(f"Output: {printable(plan.directory)}", highlight=False, soft_wrap=True, markup=False)


def print_summary(console: Console, splits: Sequence[Mapping[str, Any]], run_directory: str) -> None:
    """One line a table: rows, speed, and the share of what was found in it; then where it all is."""
    table = Table(box=None, padding=(0, 1, 0, 0))
    table.add_column("split", overflow="fold")
    for heading in ("rows", "rows/s", *SHARES.values()):
        table.add_column(heading, justify="right", no_wrap=True)
    for split in splits:
        table.add_row(*_cells(split))
    console.print(table)
    for line in _remarks(splits):
        console.print(line, highlight=False, soft_wrap=True, markup=False)
    console.print(f"Output: {printable(run_directory)}", highlight=False, soft_wrap=True, markup=False)


def _cells(split: Mapping[str, Any]) -> list[str]:
    name = escape(printable(split["split"]))
    if split["status"] != "complete":
        return [name, "failed", *[""] * (1 + len(SHARES))]
    counts, rows, speed = split["counts"], split["rows_measured"], split["rows_per_second"]
    return [
        name,
        f"{rows:,}",
        "earlier" if split["from_an_earlier_run"] else f"{speed:,.0f}" if speed else "",
        *(_share(counts, kind, counts.get("scored", rows) if kind == "memorized" else rows) for kind in SHARES),
    ]


def _share(counts: Mapping[str, int], kind: str, of: int) -> str:
    return f"{counts[kind] / of:.1%}" if of and kind in counts else "-"


def _remarks(splits: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What else there is to say: failures, rejected rows, and why columns are null."""
    for split in splits:
        name = printable(split["split"])
        if split["status"] != "complete":
            yield f"Failed: {name}: {split['error']}"
        elif split["rows_rejected"]:
            yield f"Rejected: {split['rows_rejected']:,} rows of {name}, with their reasons in rejected/"
    columns_by_reason: dict[str, dict[str, None]] = {}
    for split in splits:
        for name, reason in split.get("null_columns", {}).items():
            columns_by_reason.setdefault(reason, {})[name] = None
    for reason, names in columns_by_reason.items():
        more = f" and {len(names) - NAMED} more (run.json lists them)" if len(names) > NAMED else ""
        yield f"Null: {', '.join(list(names)[:NAMED])}{more}: {reason}"
