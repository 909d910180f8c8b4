"""What a person reads: the plan before a run, and the table at its end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from spark.reporting.events import Deduplicated, FeaturePlan, Plan
from utils import printable

NAMED = 6  # null columns that the summary names, for each reason
SHARES = {
    **{"incrementing": "increments", "repeating": "repeats", "code": "code", "memorized": "memorized"},
    **{"repeated": "repeated", "clustered": "near", "similar": "similar"},
}


def print_plan(console: Console, plan: Plan) -> None:
    """The plan, as a person reads it."""
    for job in plan.jobs:
        _print_planned(
            console,
            job.job,
            {
                "read from": job.read_from,
                "tokenizer": job.tokenizer or "none known (give --tokenizer): nothing is decoded or encoded",
                "language model": job.language_model or "none asked",
                "feature tables": ", ".join(job.feature_tables) or "none given: joined columns are null",
                "written to": ", ".join(job.written_to),
            },
        )
    console.print(f"Filters: {', '.join(plan.filters)}", highlight=False, soft_wrap=True)
    if plan.sample_size is not None:
        drawn = f"{plan.sample_size:,} sequences per split, seed {plan.sample_seed}"
        console.print(f"Sample: {drawn}", highlight=False)
    console.print(f"Output: {printable(plan.directory)}", highlight=False, soft_wrap=True, markup=False)


def print_feature_plan(console: Console, plan: FeaturePlan) -> None:
    """The plan of feature tables, as a person reads it."""
    for each in plan.features:
        rows = "rows not counted yet" if each.rows is None else f"{each.rows:,} rows"
        lines = {"corpus": f"{each.corpus} ({rows}, {each.bytes / 1e6:,.1f} MB)"}
        if each.sequences is not None:
            lines["sequences"] = each.sequences
        if each.sequences is not None or each.strategy is not None:
            lines["strategy"] = each.strategy or "chosen once the sequences are counted"
        if each.memorized is not None:
            lines["memorized"] = each.memorized
        _print_planned(console, each.feature, lines | {"written to": ", ".join(each.written_to)})
    console.print(f"Output: {printable(plan.directory)}", highlight=False, soft_wrap=True, markup=False)


def _print_planned(console: Console, name: str, lines: Mapping[str, str]) -> None:
    console.print(printable(name), style="bold", markup=False)
    for heading, content in lines.items():
        console.print(f"  {heading:<16}{printable(content)}", highlight=False, soft_wrap=True, markup=False)


def print_summary(console: Console, tables: Sequence[Mapping[str, Any]], run_directory: str) -> None:
    """One line a table: rows, speed, and the share of what was found in it; then where it all is."""
    table = Table(box=None, padding=(0, 1, 0, 0))
    table.add_column("table", overflow="fold")
    shares = _shares_of(tables)
    for heading in ("rows", "rows/s", *shares.values()):
        table.add_column(heading, justify="right", no_wrap=True)
    for each in tables:
        table.add_row(*_cells(each, shares))
    console.print(table)
    for line in _remarks(tables):
        console.print(line, highlight=False, soft_wrap=True, markup=False)
    console.print(f"Output: {printable(run_directory)}", highlight=False, soft_wrap=True, markup=False)


def print_deduplication(console: Console, found: Deduplicated) -> None:
    """What was removed of a corpus by each method, and what would be at the other thresholds."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column(escape(printable(found.job)), overflow="fold")
    for heading in ("threshold", "documents removed", "", "tokens removed", ""):
        table.add_column(heading, justify="right", no_wrap=True)
    for line in found.summary:
        threshold = "" if line["threshold"] is None else f"{line['threshold']:g}"
        amounts = [
            cell
            for kind in ("documents", "tokens")
            for cell in (f"{line[f'{kind}_removed']:,}", _percent(line[f"share_of_{kind}_removed"]))
        ]
        table.add_row(line["method"] if line["is_applied"] else "  or at", threshold, *amounts)
    console.print(table)


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"


def _shares_of(tables: Sequence[Mapping[str, Any]]) -> Mapping[str, str]:
    """The shares that are shown: those of what was counted."""
    counted = {kind for each in tables for kind in each.get("counts", {})}
    return {kind: heading for kind, heading in SHARES.items() if kind in counted}


def _cells(written: Mapping[str, Any], shares: Mapping[str, str]) -> list[str]:
    name = escape(printable(written["table"]))
    if written["status"] != "complete":
        return [name, "failed", *[""] * (1 + len(shares))]
    counts, rows, speed = written["counts"], written["rows_measured"], written["rows_per_second"]
    return [
        name,
        f"{rows:,}",
        "earlier" if written["from_an_earlier_run"] else f"{speed:,.0f}" if speed else "",
        *(_share(counts, kind, counts.get("scored", rows) if kind == "memorized" else rows) for kind in shares),
    ]


def _share(counts: Mapping[str, int], kind: str, of: int) -> str:
    return f"{counts[kind] / of:.1%}" if of and kind in counts else "-"


def _remarks(tables: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What else there is to say: failures, rejected rows, and why columns are null."""
    for each in tables:
        name = printable(each["table"])
        if each["status"] != "complete":
            yield f"Failed: {name}: {each['error']}"
        elif each["rows_rejected"]:
            yield f"Rejected: {each['rows_rejected']:,} rows of {name}, with their reasons in rejected/"
        elif each["counts"].get("too_short"):
            yield f"Left out: {each['counts']['too_short']:,} sequences of {name} end before their window does"
        elif each["counts"].get("absent"):
            yield f"Not in the corpus: {each['counts']['absent']:,} of the sequences of {name}"
    columns_by_reason: dict[str, dict[str, None]] = {}
    for each in tables:
        for name, reason in each.get("null_columns", {}).items():
            columns_by_reason.setdefault(reason, {})[name] = None
    for reason, names in columns_by_reason.items():
        more = f" and {len(names) - NAMED} more (run.json lists them)" if len(names) > NAMED else ""
        yield f"Null: {', '.join(list(names)[:NAMED])}{more}: {reason}"
