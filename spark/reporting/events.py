"""Events of a run. Reporters print them; `--json` uses the names of the fields here.

The docstring of an event says when it is reported; `Annotated` gives the meaning of each field. `docs/events.md` is
generated from both: `python -m tools.generate_docs`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal

Status = Literal["complete", "failed", "interrupted"]
FindingKind = Literal["models", "schemes", "memorized", "occurrences", "patterns", "unscored", "sizes", "choice"]
RunId = Annotated[str, "name of the run's directory"]
Directory = Annotated[str, "path of the run's directory"]
JobName = Annotated[str, "the job: dataset, scheme and model, or feature and scheme"]
RowsKnown = Annotated[int | None, "rows to read; null if only reading the files tells"]
Tables = Annotated[Sequence[Mapping[str, Any]], "the `tables` entries of `run.json`"]


@dataclass(frozen=True)
class Event:
    """Something that happened in a run."""

    @classmethod
    def event_name(cls) -> str:
        """Return the name in snake case: `RunStarted` is `run_started`."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    def as_json(self) -> dict[str, Any]:
        """Return the event's name and fields, in JSON types."""
        return {"event": self.event_name(), **asdict(self)}


@dataclass(frozen=True)
class PlannedJob:
    """One dataset split that `calculate_metrics.py` would measure."""

    job: JobName
    read_from: Annotated[str, "Hub id or path of the sequences"]
    tokenizer: Annotated[str | None, "Hub id or path of the tokenizer; null if none is known yet"]
    language_model: Annotated[str | None, "Hub id or path of the language model; null if none is evaluated"]
    feature_tables: Annotated[Sequence[str], "names of the feature tables to join"]
    written_to: Annotated[Sequence[str], "output partitions, relative to `metrics/`"]


@dataclass(frozen=True)
class Plan(Event):
    """`calculate_metrics.py --plan`: the only event of the run."""

    run_id: RunId
    directory: Directory
    jobs: Annotated[Sequence[PlannedJob], "every job, in order"]
    filters: Annotated[Sequence[str], "names of the filters"]
    sample_size: Annotated[int | None, "rows to draw per split; null for all rows"]
    sample_seed: Annotated[int, "seed of the random rows"]


@dataclass(frozen=True)
class PlannedTable:
    """One feature that `build_features.py` would build."""

    feature: Annotated[str, "name of the feature, and scheme if any"]
    corpus: Annotated[str, "Hub id or path of the corpus"]
    rows: Annotated[int | None, "rows of the corpus; null if only reading the files tells"]
    bytes: Annotated[int, "total size of the corpus files, in bytes"]
    sequences: Annotated[str | None, "Hub id or path of `--sequences`, or `all of the corpus`; null if not used"]
    memorized: Annotated[str | None, "Hub id or path of `--memorized`; null if not used"]
    strategy: Annotated[str | None, "how the feature is computed; null if it has no choice or is not known yet"]
    written_to: Annotated[Sequence[str], "output tables, relative to the run's directory"]


@dataclass(frozen=True)
class FeaturePlan(Event):
    """`build_features.py --plan`, after the corpus was resolved."""

    run_id: RunId
    directory: Directory
    features: Annotated[Sequence[PlannedTable], "every feature, in order"]


@dataclass(frozen=True)
class Refused(Event):
    """The data or the options are wrong; the exit status is 2.

    A command line that cannot be parsed also ends with status 2, but is only reported on standard error.
    """

    message: Annotated[str, "what was expected, what was found, what to do"]


@dataclass(frozen=True)
class ResolvingData(Event):
    """Before Spark starts, while data is resolved."""

    message: Annotated[str, "data that is located or downloaded"]


@dataclass(frozen=True)
class Noted(Event):
    """Before Spark starts: the run goes on, and its tables differ from what one may expect of the data."""

    message: Annotated[str, "what is left out, numbered or joined by number, and why"]


@dataclass(frozen=True)
class KnownJob:
    """One job of the run, as known before its rows are read."""

    job: JobName
    rows: RowsKnown
    bytes: Annotated[int, "total size of the input files, in bytes"]
    complete: Annotated[bool, "whether an earlier run with this id already finished the job"]


@dataclass(frozen=True)
class RunStarted(Event):
    """All data was resolved and the run's directory exists."""

    run_id: RunId
    directory: Directory
    jobs: Annotated[Sequence[KnownJob], "every job of the run"]


@dataclass(frozen=True)
class SparkStarted(Event):
    """Spark is ready."""

    ui: Annotated[str | None, "address of Spark's UI; null if it is disabled"]
    taken_port: Annotated[int | None, "the configured port, if another program uses it; else null"]


@dataclass(frozen=True)
class JobStarted(Event):
    """A job starts."""

    job: JobName
    rows: RowsKnown
    number: Annotated[int, "position among the jobs of this run, from 1"]
    of: Annotated[int, "number of jobs to do; jobs that an earlier run finished do not count"]


@dataclass(frozen=True)
class Advance:
    """Progress of a job or of the run."""

    rows_done: Annotated[int, "rows of finished tasks"] = 0
    rows_total: Annotated[int | None, "rows to read; null if not known"] = None
    rows_per_second: Annotated[float | None, "rows per second so far; null if not known yet"] = None
    seconds_left: Annotated[float | None, "estimated seconds to the end; null if not known yet"] = None
    share: Annotated[
        float | None, "share done, 0 to 1: of the rows, or of the tasks or bytes if the rows are not known"
    ] = None


@dataclass(frozen=True)
class Progress(Event):
    """Every second while a job runs."""

    job: JobName
    phase: Annotated[str | None, "description of the newest Spark job, as in Spark's UI"]
    this_job: Annotated[Advance, "progress of the job"]
    whole_run: Annotated[Advance, "progress of the run"]


@dataclass(frozen=True)
class JobComplete(Event):
    """The tables of a job are published."""

    job: JobName
    tables: Tables


@dataclass(frozen=True)
class JobFailed(Event):
    """A job failed; the run continues with the next job."""

    job: JobName
    error: Annotated[str, "the reason"]


@dataclass(frozen=True)
class Deduplicated(Event):
    """A corpus was deduplicated; reported at the end of the run."""

    job: JobName
    summary: Annotated[Sequence[Mapping[str, Any]], "rows of the table `summary`"]


@dataclass(frozen=True)
class CountedGroup:
    """The rows, or the parameters, that a finding counts."""

    name: Annotated[str, "the group, such as a model or a number of occurrences"]
    count: Annotated[int, "memorized rows of the group; for `patterns`, rows of the kind; for `sizes`, parameters"]
    of: Annotated[int | None, "rows of the group; null for `sizes`"]


@dataclass(frozen=True)
class Finding:
    """Something that the tables of a run say."""

    kind: Annotated[FindingKind, "what the finding is about"]
    text: Annotated[str, "the finding in words"]
    table: Annotated[str | None, "the table that it is about; null if it compares tables"]
    is_beyond_chance: Annotated[bool | None, "whether the compared shares differ beyond chance; null without any"]
    groups: Annotated[Sequence[CountedGroup], "the counts behind it"]


@dataclass(frozen=True)
class RunFinished(Event):
    """The run is over."""

    status: Annotated[Status, "how the run ended"]
    directory: Directory
    tables: Tables
    go_on: Annotated[str | None, "after an interruption, the command that finishes the run; else null"] = None
    findings: Annotated[Sequence[Finding], "what the complete tables say"] = ()
