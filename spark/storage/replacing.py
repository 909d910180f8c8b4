"""Replace published tables by new ones: a run that is killed in between leaves the old tables, or finishes later."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace

from spark.storage.paths import AnyPath, discard, files_below, rename, write_at_once
from spark.storage.publishing import Written, publish, read_marker, withdraw
from spark.storage.state_files import read_state

REPLACEMENT = "_replacement"  # directory of a run: complete tables that are about to replace published ones
JOURNAL = "tables.json"  # what is replaced; once it is there, the replacement takes place


def replace_tables(
    run_directory: AnyPath, tables: Mapping[str, tuple[AnyPath, Written]], withdrawn: Sequence[str]
) -> None:
    """Publish complete tables in place of those of the same names, and withdraw others.

    tables: by its path relative to the run, the hidden directory of each, and the content of its marker.
    """
    waiting = run_directory / REPLACEMENT
    discard(waiting)
    waiting.mkdir(parents=True, exist_ok=True)
    entries = {}
    for table, (hidden, written) in tables.items():
        files = {name.as_posix(): path for name, path in files_below(hidden).items()} if hidden.is_dir() else {}
        sizes = {name: path.stat().st_size for name, path in files.items()}
        entries[table] = asdict(replace(written, files=sizes))
        for name, path in files.items():
            (waiting / table).mkdir(parents=True, exist_ok=True)
            rename(path, waiting / table / name)
    write_at_once(waiting / JOURNAL, json.dumps({"tables": entries, "withdrawn": list(withdrawn)}))
    finish_replacing(run_directory)


def finish_replacing(run_directory: AnyPath) -> None:
    """Finish a replacement that was begun; remove one whose tables were not complete."""
    waiting = run_directory / REPLACEMENT
    try:
        journal = read_state(waiting / JOURNAL)
        tables = {str(table): Written(**written) for table, written in journal["tables"].items()}
        withdrawn = [str(table) for table in journal["withdrawn"]]
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        discard(waiting)
        return
    for table, written in tables.items():
        published = read_marker(run_directory, table)
        if published is None or asdict(published) != asdict(written):
            publish(waiting / table, run_directory, table, written, keeps_hidden=True)
    for table in withdrawn:
        withdraw(run_directory, table, waiting)
    discard(waiting)
