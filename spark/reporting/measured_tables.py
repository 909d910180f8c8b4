"""The tables of a run as the findings see them: by dataset, scheme and model, with their counts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from spark.reporting.proportions import Share

SIZE = re.compile(r"(\d+(?:\.\d+)?)([mb])(?![a-z])")  # in the names of Pythia's models: 70m, 1.4b, 12b.23000
UNITS = {"m": 1e6, "b": 1e9}


@dataclass(frozen=True)
class MeasuredTable:
    """A complete table of metrics.

    parameters: of the language model that was evaluated. asks_model: whether one was. holds_memories: whether the
    sequences were chosen because a model memorized them. rows: those measured.
    """

    name: str
    dataset: str
    scheme: str | None
    model: str | None
    parameters: int | None
    asks_model: bool
    holds_memories: bool
    rows: int
    counts: Mapping[str, int]

    @property
    def memorized(self) -> Share:
        """The memorized rows among those with a score."""
        return self.share("memorized", "scored")

    @property
    def size(self) -> float | None:
        """The number of parameters; the number that the model's name gives if that is not known, else None."""
        return self.parameters or named_size(self.model)

    def share(self, kind: str, of: str) -> Share:
        """Return one count among another."""
        return Share(self.counts.get(kind, 0), self.counts.get(of, 0))


def measured_tables(entries: Iterable[Mapping[str, Any]]) -> list[MeasuredTable]:
    """Return the complete tables of metrics. entries: the `tables` entries of `run.json`."""
    return [
        MeasuredTable(
            each["table"],
            each["dataset"],
            each["scheme"],
            each["model"],
            each["model_parameters"],
            each["language_model"] is not None,
            each["holds_memories"],
            each["rows_measured"],
            each["counts"],
        )
        for each in entries
        if each["status"] == "complete" and "dataset" in each
    ]


def named_size(model: str | None) -> float | None:
    """Return the number of parameters that the name of a model gives, such as 70e6 for `70m`; None if it gives none."""
    match = SIZE.match(model or "")
    return float(match[1]) * UNITS[match[2]] if match else None
