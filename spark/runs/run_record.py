"""The record of a run, `run.json`: configuration, versions, commits, tables and outcome."""

from __future__ import annotations

import json
import platform
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any, TypeAlias

from spark.reporting.events import Finding
from spark.runs.option_checks import shown
from spark.storage.paths import AnyPath, write_at_once
from spark.storage.publishing import Written
from spark.storage.state_files import read_state
from utils import VERSION, UserError, printable

LIBRARIES = (
    *("pyspark", "pyarrow", "numpy", "numba", "tokenizers", "datasets", "huggingface_hub", "zlib-ng", "pandas"),
    *("torch", "transformers"),
)
# Options that may differ when a run is continued.
NOT_COMPARED = ("run_id", "output_dir", "cache_dir")
# Whether an option that differs may do so: takes its name, and all options before and now.
MayChange: TypeAlias = Callable[[str, Mapping[str, Any], Mapping[str, Any]], bool]


def keep_options(name: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Let no option of a run change."""
    return False


@dataclass
class RunRecord:
    """The content of `run.json`, written at the start, after every job, and at the end of a run."""

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
    notes: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def add_table(
        self,
        description: str,
        path: AnyPath,
        written: Written,
        null_columns: Mapping[str, str],
        from_earlier: bool,
        about: Mapping[str, Any] | None = None,
    ) -> None:
        """Add a complete table. about: what else its entry shall say of it."""
        rows = written.counts["rows"]
        self.tables.append(
            {
                "table": description,
                "status": "complete",
                **(about or {}),
                "from_an_earlier_run": from_earlier,
                "path": str(path),
                "rows_read": written.rows_read,
                "rows_measured": rows,
                "rows_rejected": written.rows_rejected,
                "rejected_by_kind": dict(written.rejected_kinds),
                "seconds": round(written.seconds, 3),
                "rows_per_second": round(written.rows_read / written.seconds, 1) if written.seconds else None,
                "counts": dict(written.counts),
                "null_columns": dict(null_columns),
                **({"passes": list(written.passes)} if written.passes else {}),
            }
        )

    def add_columns(self, columns: Iterable[Mapping[str, str]]) -> None:
        """Add the columns that the schema lacks: those that only a resolved feature table told."""
        known = [each["name"] for each in self.schema]
        self.schema += [dict(each) for each in columns if each["name"] not in known]

    def add_failure(self, description: str, error: str) -> None:
        """Add a failed job."""
        self.tables.append({"table": description, "status": "failed", "error": error})

    def finish(self, status: str, error: str | None = None) -> None:
        """Set the outcome of the run, and write."""
        self.status, self.error, self.finished = status, error, _now()
        self.write()

    def write(self) -> None:
        """Write `run.json` atomically: readers never see a part of it."""
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
            "findings": [asdict(each) for each in self.findings],
            "notes": self.notes,
            "schema": self.schema,
        }
        write_at_once(self.path, json.dumps(content, indent=2) + "\n")


def open_record(
    run_directory: AnyPath,
    run_id: str,
    options: Mapping[str, Any],
    schema: Iterable[Mapping[str, str]],
    may_change: MayChange = keep_options,
) -> RunRecord:
    """Return the record of a new or continued run; raise UserError if a continued run has other options."""
    record = RunRecord(run_directory / "run.json", run_id, json.loads(json.dumps(options)), list(map(dict, schema)))
    earlier = read_record(run_directory)
    if earlier is not None:
        _require_same(record, earlier, may_change)
        record.commits = dict(earlier["data_commits"])
    return record


def read_record(run_directory: AnyPath) -> dict[str, Any] | None:
    """Return the configuration and commits of an earlier run; None if there is none. Raise UserError if damaged."""
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
    """Return the versions of this project, Python, and the libraries that the results depend on."""
    return {"memorization-metrics": VERSION, "python": platform.python_version()} | {
        name: _installed(name) for name in LIBRARIES
    }


def _require_same(record: RunRecord, earlier: Mapping[str, Any], may_change: MayChange) -> None:
    before, now = earlier["configuration"], record.configuration
    for name in now:
        is_same = name in NOT_COMPARED or before.get(name) == now[name]
        if not is_same and not may_change(name, before, now):
            raise UserError(
                f"Run {record.run_id} was started with {name} = {_as_typed(before.get(name))}, "
                f"found {_as_typed(now[name])}.\n"
                "Give the same options as before, or another --run_id."
            )


def _as_typed(value: Any) -> str:
    """Return a value for messages; lists as on the command line."""
    return shown(",".join(map(str, value)) if isinstance(value, list) else value)


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
