"""What must hold of a run's directory after a kill, after going on, and at the end; checks give faults in words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chaos.tables import MARKER, SPARK_EVENTS, Digest, FileState, differences, visible_files, visible_tables

# What build_features.py publishes as one: it is complete once all are there.
BUILT_TOGETHER = ("memorized", "non_memorized", "corpus", "removed", "summary")

Expected = Mapping[str, Digest]
Files = Mapping[str, tuple[FileState, ...]]


def nothing_looks_complete_and_is_not(run: Path, expected: Expected) -> list[str]:
    """Every table that a reader sees is the whole table, and `run.json` is whole where it is there."""
    faults = [f"looks complete and is not: {each}" for each in differences(visible_tables(run), expected)]
    try:
        read_record(run)
    except ValueError as error:
        faults.append(f"run.json does not parse: {error}")
    return faults


def complete_splits_are_untouched(run: Path, before: Files, expected: Expected) -> list[str]:
    """The files of splits that were complete are those that they were."""
    now, complete = visible_files(run), complete_splits(before, expected)
    return [
        f"was complete, and was written again: {name}"
        for name, files in before.items()
        if split_of(name) in complete and now.get(name) != files
    ]


def run_is_whole(run: Path, expected: Expected, layout: set[str]) -> list[str]:
    """Every table is there, no row lost or doubled, the record adds up, and nothing is left over."""
    found = visible_tables(run)
    lying = layout_of(run)
    missing = (expected.keys() - found.keys()) | (layout - lying)
    faults = differences(found, expected) + [f"{name} is missing" for name in sorted(missing)]
    hidden = {name for name in lying if any(part[0] in "._" for part in Path(name).parts) and Path(name).name != MARKER}
    faults += [f"left over: {name}" for name in sorted((lying - layout) | hidden)]
    faults += cards_that_lack_a_table(run, expected)
    record = read_record(run) or {}
    if record.get("status") != "complete":
        faults.append(f"run.json says {record.get('status')!r} of a run that is complete")
    written, tables = record.get("tables", []), tables_of_splits(expected)
    if len(written) != len(tables):
        faults.append(f"run.json names {len(written)} tables of {len(tables)}")
    is_measured = any(name.startswith("metrics/") for name in tables)  # features have other rows than their corpus
    for table in written:
        if is_measured and table["rows_read"] != table["rows_measured"] + table["rows_rejected"]:
            faults.append(f"rows of {table['table']} in run.json do not add up")
    return faults


def complete_splits(files: Files, expected: Expected) -> set[str]:
    """The splits of which all tables are there, but for that of the rejected rows."""
    tables = tables_of_splits(expected)
    return {split_of(name) for name in tables} - {split_of(name) for name in tables if name not in files}


def cards_that_lack_a_table(run: Path, expected: Expected) -> list[str]:
    """The cards of datasets of features must name each of its tables as a split."""
    return [
        f"{card.relative_to(run)} does not name {Path(name).name}"
        for card in sorted(run.rglob("README.md"))
        for name in expected
        if (run / name).parent == card.parent and f"split: {Path(name).name}\n" not in card.read_text()
    ]


def tables_of_splits(expected: Expected) -> list[str]:
    """The tables that `run.json` names."""
    return [name for name in expected if not name.startswith("rejected/")]


def split_of(table: str) -> str:
    """What a table is made with: memories by dataset and model, others by dataset, features as they are built."""
    if not table.startswith(("metrics/", "rejected/")):
        directory, _, name = table.rpartition("/")
        return directory if name in BUILT_TOGETHER else table
    _, dataset, *rest = table.split("/")
    return "/".join([dataset, *rest]) if dataset == "dataset=memories" else dataset


def layout_of(run: Path) -> set[str]:
    """All that lies in a run's directory, but for the files of its tables and Spark's event logs."""
    relative = (path.relative_to(run) for path in run.rglob("*"))
    return {str(path) for path in relative if path.suffix != ".parquet" and SPARK_EVENTS not in path.parts[:-1]}


def read_record(run: Path) -> dict[str, Any] | None:
    """What `run.json` says; None where it is not there. Raises ValueError where it is damaged."""
    path = run / "run.json"
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None
