"""What must hold of a run's directory after a kill, after going on, and at the end; checks give faults in words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chaos.tables import Digest, FileState, differences, visible_files, visible_tables

MARKER = "_complete.json"

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
    faults = differences(found, expected) + [f"{name} is missing" for name in expected.keys() - found.keys()]
    lying = layout_of(run)
    hidden = {name for name in lying if any(part[0] in "._" for part in Path(name).parts) and Path(name).name != MARKER}
    faults += [f"left over: {name}" for name in sorted((lying - layout) | hidden)]
    record = read_record(run) or {}
    if record.get("status") != "complete":
        faults.append(f"run.json says {record.get('status')!r} of a run that is complete")
    tables = [name for name in expected if name.startswith("metrics")]
    if len(record.get("splits", [])) != len(tables):
        faults.append(f"run.json names {len(record.get('splits', []))} tables of {len(tables)}")
    for split in record.get("splits", []):
        if split["rows_read"] != split["rows_measured"] + split["rows_rejected"]:
            faults.append(f"rows of {split['split']} in run.json do not add up")
    return faults


def complete_splits(files: Files, expected: Expected) -> set[str]:
    """The splits of which all tables of metrics are there."""
    tables = [name for name in expected if name.startswith("metrics")]
    return {split_of(name) for name in tables} - {split_of(name) for name in tables if name not in files}


def split_of(table: str) -> str:
    """The split that a table comes from: datasets of memories have one for each model, others one for all."""
    _, dataset, *rest = table.split("/")
    return "/".join([dataset, *rest]) if dataset == "dataset=memories" else dataset


def layout_of(run: Path) -> set[str]:
    """All that lies in a run's directory, but for the files of its tables and Spark's event logs."""
    relative = (path.relative_to(run) for path in run.rglob("*"))
    return {str(path) for path in relative if path.suffix != ".parquet" and "spark-events" not in path.parts[:-1]}


def read_record(run: Path) -> dict[str, Any] | None:
    """What `run.json` says; None where it is not there. Raises ValueError where it is damaged."""
    path = run / "run.json"
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None
