"""The unit of a run's work."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from spark.sources.catalog import Kind, TableLocation


@dataclass(frozen=True)
class Split:
    """One source table, measured once, and written once for each of its models.

    dataset, scheme, models: the partitions of the output; None where the data has no such thing.
    tokenizer: a local path or Hub id; None where none is known.
    language_model: the same of a model, or `published`, with {scheme} and {model} in it; None where none is known.
    is_sample: whether it is part of the embedded sample, which has its own feature tables.
    """

    dataset: str
    kind: Kind
    scheme: str | None
    models: tuple[str | None, ...]
    location: TableLocation
    tokenizer: str | None
    language_model: str | None = None
    is_sample: bool = False

    @property
    def description(self) -> str:
        """What the split is called in messages and in the Spark UI."""
        return self.described_for(",".join(model for model in self.models if model))

    def described_for(self, model: str | None) -> str:
        """What the table of one of its models is called: `memories deduped.70m`."""
        return f"{self.dataset} {'.'.join(filter(None, [self.scheme, model]))}".strip()


def memories_splits(
    dataset: str,
    source: TableLocation,
    schemes: Iterable[str],
    models: Iterable[str],
    tokenizer: str | None,
    language_model: str | None,
) -> list[Split]:
    """The splits `{scheme}.{model}` of a dataset laid out as EleutherAI/pythia-memorized-evals."""
    return [
        Split(
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


def one_model_each(splits: Iterable[Split]) -> list[Split]:
    """The same splits, those of several models once for each, so that a worker holds one language model."""
    return [replace(split, models=(model,)) for split in splits for model in split.models]
