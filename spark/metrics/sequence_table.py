"""A table of sequences to measure, as planned from the configuration."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from spark.sources.catalog import Kind, TableLocation


@dataclass(frozen=True)
class SequenceTable:
    """A source table that one job measures once, and writes once per model.

    dataset, scheme, models: name the partitions of the output; scheme and model are None if the data names none.
    tokenizer: a local path or Hub id; None if none is known.
    language_model: a local path, a Hub id or `published`; may contain {scheme} and {model}; None if none is known.
    asked: the name of the language model that is asked, if the data names no model; else None.
    is_sample: whether the table is part of the embedded sample, which has its own feature tables.
    """

    dataset: str
    kind: Kind
    scheme: str | None
    models: tuple[str | None, ...]
    location: TableLocation
    tokenizer: str | None
    language_model: str | None = None
    is_sample: bool = False
    asked: str | None = None

    @property
    def levels(self) -> tuple[str | None, ...]:
        """The models that name the partitions of the output: those of the data, else the one that is asked."""
        return (self.asked,) if self.models == (None,) else self.models

    @property
    def description(self) -> str:
        """The name of the table in messages and in the Spark UI."""
        return self.described_for(",".join(model for model in self.levels if model))

    def described_for(self, model: str | None) -> str:
        """Return the name of the output table of one model, such as `memories deduped.70m`."""
        return f"{self.dataset} {'.'.join(filter(None, [self.scheme, model]))}".strip()


def memories_tables(
    dataset: str,
    source: TableLocation,
    schemes: Iterable[str],
    models: Iterable[str],
    tokenizer: str | None,
    language_model: str | None,
) -> list[SequenceTable]:
    """Return the splits `{scheme}.{model}` of a dataset in the layout of EleutherAI/pythia-memorized-evals."""
    return [
        SequenceTable(
            dataset,
            "memories",
            scheme,
            (model,),
            replace(source, split=f"{scheme}.{model}"),
            tokenizer,
            language_model,
        )
        for scheme in schemes
        for model in models
    ]


def one_model_each(tables: Iterable[SequenceTable]) -> list[SequenceTable]:
    """Return the tables, each repeated for each of its models, so that a worker holds one language model."""
    return [replace(table, models=(model,)) for table in tables for model in table.models]
