"""The whole configuration of a run: the options over the defaults, checked before anything starts."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from filters import feature_tables
from filters.contract import MIN_K_PERCENT
from spark.runs.option_checks import as_integer, as_names, as_revisions, as_share, as_text
from spark.session.project import PROJECT_DIRECTORY
from utils import require_known

DEFAULT_CONFIG = PROJECT_DIRECTORY / "configs" / "sample.yaml"

LISTS = ("datasets", "models", "schemes", "filters")
INTEGERS = {"sample_size": 1, "sample_seed": 0, "prompt_tokens": 1, "continuation_tokens": 1}  # and the smallest
PRECISIONS = ("float32", "bfloat16", "float16")
FEATURE_TABLES = tuple(table.name for table in feature_tables.FEATURE_TABLES)


@dataclass(frozen=True)
class Configuration:
    """What a run is asked to do; the README says what each option means.

    models, schemes: None stands for all of the sample and of a local directory, the smallest of the Hub's.
    filters: names and groups; where none are given, all, and those of the model for the sample or a `model`.
    model: the language model that is asked: a Hub id, the path of a directory, or "published"; None for the sample's
        own, and for Pythia's on the Hub's data.
    duplicates, ..., perplexities: where each feature table is; "auto" is the sample's own for the sample
        and none for other data, "published" the table on the Hub, else a Hub id or a local path.
    revisions: by Hub id, the commit, tag or branch to read; the newest commit of `main` where not given.
    """

    datasets: tuple[str, ...] = ("sample",)
    models: tuple[str, ...] | None = None
    schemes: tuple[str, ...] | None = None
    filters: tuple[str, ...] = ("all",)
    run_id: str | None = None
    sample_size: int | None = None
    sample_seed: int = 0
    tokenizer: str | None = None
    model: str | None = None
    prompt_tokens: int = 32
    continuation_tokens: int = 32
    min_k_percent: float = MIN_K_PERCENT
    precision: str = "float32"
    output_dir: str = "output"
    cache_dir: str = "~/.cache/memorization-metrics"
    duplicates: str = "auto"
    token_frequencies: str = "auto"
    near_duplicates: str = "auto"
    semantic_duplicates: str = "auto"
    nl_scores: str = "auto"
    perplexities: str = "auto"
    revisions: tuple[tuple[str, str], ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The options by name, in types that JSON knows."""
        return {**asdict(self), "revisions": dict(self.revisions)}


def build_configuration(options: dict[str, Any]) -> Configuration:
    """The configuration with these options in place of the defaults; raises UserError for what is wrong."""
    values = {name: _checked(name, value) for name, value in options.items() if value is not None}
    configuration = Configuration(**values)
    asks_model = configuration.model is not None or configuration.datasets == ("sample",)
    return replace(configuration, filters=("all", "model")) if asks_model and "filters" not in values else configuration


def _checked(name: str, value: Any) -> Any:
    if name in LISTS:
        return as_names(name, value)
    if name in INTEGERS:
        return as_integer(name, value, INTEGERS[name])
    if name == "revisions":
        return as_revisions(value)
    if name == "min_k_percent":
        return as_share(name, value, largest=100)
    if name == "precision":
        require_known("precision", [str(value)], PRECISIONS)
    return as_text(name, value)
