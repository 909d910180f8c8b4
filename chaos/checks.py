"""Checks of a run's directory: after a kill, after a resume, and at the end. Each check returns a list of faults."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chaos.tables import MARKERS, SPARK_EVENTS, Digest, FileState, differences, visible_files, visible_tables

# Tables that build_features.py publishes together; the job is complete once all of them exist.
BUILT_TOGETHER = ("memorized", "non_memorized", "corpus", "removed", "summary")

Expected = Mapping[str, Digest]
Files = Mapping[str, tuple[FileState, ...]]


def visible_tables_are_complete(run: Path, expected: Expected) -> list[str]:
    """Check that every visible table is complete, and that `run.json` parses if it exists."""
    faults = [f"looks complete but is not: {each}" for each in differences(visible_tables(run), expected)]
    try:
        read_record(run)
    except ValueError as error:
        faults.append(f"run.json does not parse: {error}")
    return faults


def complete_jobs_are_unchanged(run: Path, before: Files, expected: Expected) -> list[str]:
    """Check that no file of a complete job was written again."""
    now, complete = visible_files(run), complete_jobs(before, expected)
    return [
        f"was complete, but was written again: {name}"
        for name, files in before.items()
        if job_of(name) in complete and now.get(name) != files
    ]


def run_is_complete(run: Path, expected: Expected, expected_paths: set[str]) -> list[str]:
    """Check that all tables and rows exist once, that `run.json` is consistent, and that nothing is left over."""
    found = visible_tables(run)
    paths = other_paths(run)
    missing = (expected.keys() - found.keys()) | (expected_paths - paths)
    faults = differences(found, expected) + [f"{name} is missing" for name in sorted(missing)]
    hidden = {
        name for name in paths if any(part[0] in "._" for part in Path(name).parts) and Path(name).parts[0] != MARKERS
    }
    faults += [f"left over: {name}" for name in sorted((paths - expected_paths) | hidden)]
    faults += incomplete_cards(run, expected)
    record = read_record(run) or {}
    if record.get("status") != "complete":
        faults.append(f"expected status 'complete' in run.json, found {record.get('status')!r}")
    written, tables = record.get("tables", []), recorded_tables(expected)
    if len(written) != len(tables):
        faults.append(f"run.json names {len(written)} tables of {len(tables)}")
    is_measured = any(name.startswith("metrics/") for name in tables)  # a feature's rows are not its corpus' rows
    for table in written:
        if is_measured and table["rows_read"] != table["rows_measured"] + table["rows_rejected"]:
            faults.append(f"rows of {table['table']} in run.json do not add up")
    return faults


def complete_jobs(files: Files, expected: Expected) -> set[str]:
    """Return the jobs whose tables all exist; tables of rejected rows do not count."""
    tables = recorded_tables(expected)
    return {job_of(name) for name in tables} - {job_of(name) for name in tables if name not in files}


def incomplete_cards(run: Path, expected: Expected) -> list[str]:
    """Check that the card of a run of features names each of its tables."""
    card = run / "README.md"
    if not card.exists():
        return []
    text = card.read_text()
    splits = [name for name in expected if "/" in name and not name.startswith("deduplication/")]
    return [f"README.md does not name {name}" for name in splits if f"path: {name}/*.parquet\n" not in text]


def recorded_tables(expected: Expected) -> list[str]:
    """Return the tables that `run.json` names: all but those of rejected rows."""
    return [name for name in expected if not name.startswith("rejected/")]


def job_of(table: str) -> str:
    """Return the job that writes a table.

    Memories: one per dataset, scheme and model. Other datasets: one each. Features: one per table or group of tables.
    """
    if not table.startswith(("metrics/", "rejected/")):
        directory, _, name = table.rpartition("/")
        return directory if name in BUILT_TOGETHER else table
    _, dataset, *rest = table.split("/")
    return "/".join([dataset, *rest]) if dataset == "dataset=memories" else dataset


def other_paths(run: Path) -> set[str]:
    """Return the paths in a run's directory, without Parquet files and Spark's event logs."""
    relative = (path.relative_to(run) for path in run.rglob("*"))
    return {str(path) for path in relative if path.suffix != ".parquet" and SPARK_EVENTS not in path.parts[:-1]}


def read_record(run: Path) -> dict[str, Any] | None:
    """Return the content of `run.json`, None if there is none; raise ValueError if it is damaged."""
    path = run / "run.json"
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None
