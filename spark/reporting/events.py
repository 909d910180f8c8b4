"""What happens in a run, for whoever reports it. `--json` prints the fields under their names here."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

Status = Literal["complete", "failed", "interrupted"]


@dataclass(frozen=True)
class Event:
    """Something that happened in a run."""

    def as_json(self) -> dict[str, Any]:
        """The event's name and fields, in types that JSON knows."""
        name = re.sub(r"(?<!^)(?=[A-Z])", "_", type(self).__name__).lower()
        return {"event": name, **asdict(self)}


@dataclass(frozen=True)
class PlannedJob:
    """What is to be read and asked, and the tables to be written of it, by `--plan`."""

    job: str
    read_from: str
    tokenizer: str | None
    language_model: str | None
    feature_tables: Sequence[str]
    written_to: Sequence[str]


@dataclass(frozen=True)
class Plan(Event):
    """What the run would do, by `--plan`."""

    run_id: str
    directory: str
    jobs: Sequence[PlannedJob]
    filters: Sequence[str]
    sample_size: int | None
    sample_seed: int


@dataclass(frozen=True)
class PlannedTable:
    """What `--plan` says of one feature of a corpus; rows, strategy: None if not yet known."""

    feature: str
    corpus: str
    rows: int | None
    bytes: int
    sequences: str | None
    memorized: str | None
    strategy: str | None
    written_to: Sequence[str]


@dataclass(frozen=True)
class FeaturePlan(Event):
    """What the run of `build_features.py` would do, by `--plan`."""

    run_id: str
    directory: str
    features: Sequence[PlannedTable]


@dataclass(frozen=True)
class Refused(Event):
    """The run cannot be done as asked; what to put right."""

    message: str


@dataclass(frozen=True)
class ResolvingData(Event):
    """Something is looked for or fetched, before Spark starts."""

    message: str


@dataclass(frozen=True)
class KnownJob:
    """A job of the run: its rows where they are known before reading them, and the bytes of its files."""

    job: str
    rows: int | None
    bytes: int
    complete: bool


@dataclass(frozen=True)
class RunStarted(Event):
    """All data is found, and the run's directory is there."""

    run_id: str
    directory: str
    jobs: Sequence[KnownJob]


@dataclass(frozen=True)
class SparkStarted(Event):
    """Spark answers. taken_port: that of the UI which was asked for, where another program had it."""

    ui: str | None
    taken_port: int | None


@dataclass(frozen=True)
class JobStarted(Event):
    """The `number`-th `of` the jobs that are to be done begins; rows: None where they take reading."""

    job: str
    rows: int | None
    number: int
    of: int


@dataclass(frozen=True)
class Advance:
    """How far something is; what is not known yet, or cannot be, is None.

    share: of the rows, or where their number is not known, of the tasks or bytes; 0 to 1.
    """

    rows_done: int = 0
    rows_total: int | None = None
    rows_per_second: float | None = None
    seconds_left: float | None = None
    share: float | None = None


@dataclass(frozen=True)
class Progress(Event):
    """How far the job and the whole run are. phase: what Spark's UI says of the job's newest job."""

    job: str
    phase: str | None
    this_job: Advance
    whole_run: Advance


@dataclass(frozen=True)
class JobComplete(Event):
    """The tables of a job are written; what `run.json` says of each."""

    job: str
    tables: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class JobFailed(Event):
    """A job could not be measured; the run goes on with the next."""

    job: str
    error: str


@dataclass(frozen=True)
class Deduplicated(Event):
    """How much of a corpus was removed as duplicates; the rows of its table `summary`."""

    job: str
    summary: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class RunFinished(Event):
    """The run is over.

    tables: what `run.json` says of them. go_on: after an interruption, the command that does the rest.
    """

    status: Status
    directory: str
    tables: Sequence[Mapping[str, Any]]
    go_on: str | None = None
