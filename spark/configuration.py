"""The whole configuration of a run: the options over the defaults, checked before anything starts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from filters.contract import MIN_K_PERCENT
from utils import UserError, nearest, printable, require_known

PROJECT_DIRECTORY = Path(__file__).resolve().parent.parent
DEFAULT_CONFIG = PROJECT_DIRECTORY / "configs" / "sample.yaml"

LISTS = ("datasets", "models", "schemes", "filters")
INTEGERS = {"sample_size": 1, "sample_seed": 0, "prompt_tokens": 1, "continuation_tokens": 1}  # and the smallest
PRECISIONS = ("float32", "bfloat16", "float16")
FEATURE_TABLES = (
    *("duplicates", "token_frequencies", "near_duplicates", "semantic_duplicates", "nl_scores", "perplexities"),
)


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


def read_config_file(path: Path, known: Sequence[str]) -> dict[str, Any]:
    """The options that a YAML file sets; raises UserError where it cannot be read or has keys that are not known."""
    try:
        options = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())[:300]
        raise UserError(f"--config {printable(str(path))} cannot be read: {printable(reason)}") from None
    if options is None:
        return {}
    if not isinstance(options, dict):
        raise UserError(
            f"--config {printable(str(path))}: expected `option: value` lines, found {type(options).__name__}."
        )
    for key in options:
        if key not in known:
            found = f"unknown key {printable(str(key))!r}{nearest(str(key), known)}"
            raise UserError(f"--config {printable(str(path))}: {found}.\nKnown: {', '.join(known)}.")
    return options


def shown(value: Any) -> str:
    """A value as a message shows it: safe to print, and short."""
    return repr(printable(str(value)[:200]))


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


def as_text(name: str, value: Any) -> str:
    """An option that is a text; raises UserError where it is none, or empty."""
    if not isinstance(value, str) or not value:
        raise UserError(f"{name}: expected text, found {shown(value)}.")
    return value


def as_revisions(value: Any) -> tuple[tuple[str, str], ...]:
    """The option `revisions`; raises UserError where it is no mapping."""
    if not isinstance(value, dict):
        raise UserError(f"revisions: expected a mapping of Hub id to revision, found {shown(value)}.")
    return tuple(sorted((str(key), str(revision)) for key, revision in value.items()))


def as_names(name: str, value: Any) -> tuple[str, ...]:
    """An option that is a list of names, each once; raises UserError where it is none."""
    items = value.split(",") if isinstance(value, str) else value
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        raise UserError(f"{name}: expected names (a list, or one text with commas), found {shown(value)}.")
    names = tuple(dict.fromkeys(item.strip() for item in items))
    if not names or not all(names):
        raise UserError(f"--{name}: expected names with commas between them, found {printable(str(value))!r}.")
    return names


def as_integer(name: str, value: Any, smallest: int) -> int:
    """An option that is a whole number; raises UserError where it is none, or below the smallest."""
    try:
        number = int(value) if isinstance(value, (int, str)) and not isinstance(value, bool) else None
    except ValueError:
        number = None
    if number is None or not smallest <= number < 2**63:
        raise UserError(f"--{name}: expected a whole number from {smallest} on, found {printable(str(value))!r}.")
    return number


def as_share(name: str, value: Any, largest: int = 1) -> float:
    """An option that is a number above 0, at most the largest; raises UserError where it is none."""
    try:
        number = float(value) if isinstance(value, (int, float, str)) and not isinstance(value, bool) else math.nan
    except ValueError:
        number = math.nan
    if not 0 < number <= largest:
        found = printable(str(value)[:200])
        raise UserError(f"--{name}: expected a number above 0, at most {largest}, found {found!r}.")
    return number
