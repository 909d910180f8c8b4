"""The summary at the end of a run: a table, then failures, rejected rows and null columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from spark.reporting.events import Deduplicated, Finding
from utils import printable, printable_lines

COLUMNS_SHOWN = 6  # null columns named for each reason
FINDINGS_SHOWN = 10
# Heading of each share, by the name of its count.
SHARES = {
    **{"incrementing": "increments", "repeating": "repeats", "code": "code", "memorized": "memorized"},
    **{"repeated": "repeated", "clustered": "near", "similar": "similar"},
}


def print_summary(
    console: Console, tables: Sequence[Mapping[str, Any]], run_directory: str, findings: Sequence[Finding] = ()
) -> None:
    """Print one line per output table (rows, speed, shares), the remarks, the findings, and the run's directory.

    tables: the `tables` entries of `run.json`.
    """
    table = Table(box=None, padding=(0, 1, 0, 0))
    table.add_column("table", overflow="fold")
    shares = _counted_shares(tables)
    for heading in ("rows", "rows/s", *shares.values()):
        table.add_column(heading, justify="right", no_wrap=True)
    for each in tables:
        table.add_row(*_cells(each, shares))
    console.print(table)
    remarks = (*_table_remarks(tables), *_unusual_counts(tables), *_null_columns(tables), *_found(findings))
    for line in (*remarks, f"Output: {run_directory}"):
        console.print(printable_lines(line), highlight=False, soft_wrap=True, markup=False)


def print_deduplication(console: Console, found: Deduplicated) -> None:
    """Print the documents and tokens that each method removed, and would remove at other thresholds."""
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
        table.add_row(line["method"] if line["is_applied"] else "  not applied", threshold, *amounts)
    console.print(table)


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"


def _counted_shares(tables: Sequence[Mapping[str, Any]]) -> Mapping[str, str]:
    """Return the shares, with their headings, that at least one table counted."""
    counted = {kind for each in tables for kind in each.get("counts", {})}
    return {kind: heading for kind, heading in SHARES.items() if kind in counted}


def _cells(entry: Mapping[str, Any], shares: Mapping[str, str]) -> list[str]:
    name = escape(printable(entry["table"]))
    if entry["status"] != "complete":
        return [name, "failed", *[""] * (1 + len(shares))]
    counts, rows, speed = entry["counts"], entry["rows_measured"], entry["rows_per_second"]
    return [
        name,
        f"{rows:,}",
        "earlier" if entry["from_an_earlier_run"] else f"{speed:,.0f}" if speed else "",
        *(_share(counts, kind, counts.get("scored", rows) if kind == "memorized" else rows) for kind in shares),
    ]


def _share(counts: Mapping[str, int], kind: str, total: int) -> str:
    return f"{counts[kind] / total:.1%}" if total and kind in counts else "-"


def _table_remarks(tables: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield a line for each table that failed, and for each kind of row that a table lacks."""
    for each in tables:
        name = printable(each["table"])
        if each["status"] != "complete":
            yield f"Failed: {name}: {each['error']}"
            continue
        if each["rows_rejected"]:
            yield f"Rejected: {_count(each['rows_rejected'], 'row')} of {name}{_kinds(each)} (reasons in rejected/)"
        if each["counts"].get("too_short"):
            too_short = _count(each["counts"]["too_short"], "sequence")
            yield f"Skipped: {too_short} of {name} (shorter than prompt and continuation)"
        if each["counts"].get("absent"):
            yield f"Skipped: {_count(each['counts']['absent'], 'sequence')} of {name} (not in the corpus)"


def _unusual_counts(tables: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield a line for each joined table and setting with another value than its columns are described with."""
    joined = [each for table in tables for each in table.get("feature_tables", ())]
    yield from dict.fromkeys(
        f"Joined: {each['feature']} counted with --{found['setting']} {printable(str(found['counted_with']))}, "
        f"not {found['described']} ({printable(each['location'])})"
        for each in joined
        for found in each["differs"]
    )


def _kinds(entry: Mapping[str, Any]) -> str:
    """Return the kinds of the reasons, each with its number of rows: `: 12 no tokens, 3 repeated id`."""
    kinds = (
        f"{rows:,} {printable(kind).replace('_', ' ')}" for kind, rows in entry.get("rejected_by_kind", {}).items()
    )
    found = ", ".join(kinds)
    return found and f": {found}"


def _found(findings: Sequence[Finding]) -> Iterator[str]:
    """Yield the first findings as lines."""
    for each in findings[:FINDINGS_SHOWN]:
        table = "" if each.table is None else f"{each.table}: "
        yield printable(f"Found: {table}{each.text}")
    hidden = len(findings) - FINDINGS_SHOWN
    if hidden > 0:
        yield f"Found: {_count(hidden, 'more finding')}, in run.json"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def _null_columns(tables: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield a line for each reason, with the first of its null columns."""
    columns_by_reason: dict[str, dict[str, None]] = {}
    for each in tables:
        for name, reason in each.get("null_columns", {}).items():
            columns_by_reason.setdefault(reason, {})[name] = None
    for reason, names in columns_by_reason.items():
        hidden = len(names) - COLUMNS_SHOWN
        more = f" and {hidden} more in run.json" if hidden > 0 else ""
        yield f"Null: {', '.join(list(names)[:COLUMNS_SHOWN])}{more} ({reason})"
