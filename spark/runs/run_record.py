"""The record of a run, `run.json`: what was asked, with what it was done, what came of it."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from spark.runs.option_checks import shown
from spark.storage.paths import AnyPath, write_at_once
from spark.storage.publishing import Written
from spark.storage.state_files import read_state
from utils import VERSION, UserError, printable

LIBRARIES = (
    *("pyspark", "pyarrow", "numpy", "numba", "tokenizers", "datasets", "huggingface_hub", "zlib-ng", "pandas"),
    *("torch", "transformers"),
)
# What may differ between a run and its continuation.
NOT_COMPARED = ("run_id", "output_dir", "cache_dir")


@dataclass
class RunRecord:
    """What `run.json` says; written at the beginning, after every job, and at the end, whatever happens."""

    path: AnyPath
    run_id: str
    configuration: Mapping[str, Any]
    schema: list[dict[str, str]]
    started: str = field(default_factory=lambda: _now())
    finished: str | None = None
    status: str = "running"
    error: str | None = None
    commits: dict[str, str] = field(default_factory=dict)
    tables: list[dict[str, Any]] = field(default_factory=list)

    def add_table(
        self, description: str, path: AnyPath, written: Written, null_columns: Mapping[str, str], from_earlier: bool
    ) -> None:
        """Notes one complete table."""
        rows = written.counts["rows"]
        self.tables.append(
            {
                "table": description,
                "status": "complete",
                "from_an_earlier_run": from_earlier,
                "path": str(path),
                "rows_read": written.rows_read,
                "rows_measured": rows,
                "rows_rejected": written.rows_rejected,
                "seconds": round(written.seconds, 3),
                "rows_per_second": round(written.rows_read / written.seconds, 1) if written.seconds else None,
                "counts": dict(written.counts),
                "null_columns": dict(null_columns),
            }
        )

    def add_failure(self, description: str, error: str) -> None:
        """Note a job that failed."""
        self.tables.append({"table": description, "status": "failed", "error": error})

    def finish(self, status: str, error: str | None = None) -> None:
        """Notes how the run ended, and writes."""
        self.status, self.error, self.finished = status, error, _now()
        self.write()

    def write(self) -> None:
        """Writes `run.json` so that a reader never sees half of it."""
        content = {
            "run_id": self.run_id,
            "status": self.status,
            "error": self.error,
            "started": self.started,
            "finished": self.finished,
            "configuration": self.configuration,
            "versions": versions(),
            "data_commits": self.commits,
            "tables": self.tables,
            "schema": self.schema,
        }
        write_at_once(self.path, json.dumps(content, indent=2) + "\n")


def open_record(
    run_directory: AnyPath, run_id: str, options: Mapping[str, Any], schema: Iterable[Mapping[str, str]]
) -> RunRecord:
    """The record of a new run, or of one that goes on; raises UserError where that was configured otherwise."""
    record = RunRecord(run_directory / "run.json", run_id, json.loads(json.dumps(options)), list(map(dict, schema)))
    earlier = read_record(run_directory)
    if earlier is not None:
        _require_same(record, earlier)
        record.commits = dict(earlier["data_commits"])
    return record


def read_record(run_directory: AnyPath) -> dict[str, Any] | None:
    """What an earlier run left in `run.json`; None where there is none. Raises UserError where it is damaged."""
    path = run_directory / "run.json"
    try:
        record = read_state(path)
        return {"configuration": dict(record["configuration"]), "data_commits": dict(record["data_commits"])}
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = f"{type(error).__name__}: {printable(str(error))}"
        raise UserError(
            f"{printable(str(path))} cannot be read ({reason}).\nMove the directory away, or use another --run_id."
        ) from None


def versions() -> dict[str, str | None]:
    """The versions of this code, of Python and of the libraries that the numbers depend on."""
    return {"memorization-metrics": VERSION, "python": platform.python_version()} | {
        name: _installed(name) for name in LIBRARIES
    }


def _require_same(record: RunRecord, earlier: Mapping[str, Any]) -> None:
    before, now = earlier["configuration"], record.configuration
    for name in now:
        if name not in NOT_COMPARED and before.get(name) != now[name]:
            raise UserError(
                f"Run {record.run_id} was made with {name} = {shown(before.get(name))}, "
                f"and now it is {shown(now[name])}.\n"
                "Give the options of the first time, or another --run_id."
            )


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
