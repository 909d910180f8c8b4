"""The options of `build_features.py`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from features.deduplication import COSINE_THRESHOLD, KEEP, METHODS, Criteria, Keep, Method
from features.near_duplicates.bands import JACCARD_THRESHOLD, NGRAM_TOKENS
from features.semantic_duplicates.model import DEFAULT_MODEL
from spark.corpus.exact_duplicates.windows import Window
from spark.corpus.jobs import FEATURE_JOBS, users_by_option
from spark.runs.command_line import CommandLine
from spark.runs.option_checks import as_names, integer_from, number_up_to, one_of
from spark.runs.options import RunConfiguration, checked_values, option
from spark.sources.token_file import PYTHIA_ROW_TOKENS
from utils import UserError, printable, require_known

FEATURES = tuple(job.feature for job in FEATURE_JOBS)
WITHOUT_A_MODEL = tuple(job.feature for job in FEATURE_JOBS if "embedding_model" not in job.options)
SAMPLE = "sample"
CONTINUATION = Window(32, 64)  # of the sequences that the Pythia models memorized
USED_BY = users_by_option()
WINDOW = re.compile(r"(\d{1,9}):(\d{1,9})")


def as_methods(name: str, value: Any) -> tuple[Method, ...]:
    """Accept names of deduplication methods; return them in the order in which they are applied."""
    names = as_names(name, value)
    require_known("method", names, METHODS)
    return tuple(method for method in METHODS if method in names)


def as_window(name: str, value: Any) -> Window:
    """Accept START:STOP, the first token of a window and the token after its last."""
    found = WINDOW.fullmatch(str(value))
    window = Window(int(found[1]), int(found[2])) if found else Window(0, 0)
    if window.start >= window.stop:
        raise UserError(f"--{name}: expected START:STOP, such as 32:64, found {printable(str(value)[:200])!r}.")
    return window


@dataclass(frozen=True)
class FeatureConfiguration(RunConfiguration):
    """What `build_features.py` is asked to build, of which corpus.

    sequences: whose duplicates are counted; None for every row of the corpus.
    memorized: the sequences whose tokens are counted apart; None for the sample's own, and for none of other corpora.
    features: empty by default if the corpus is deduplicated.
    """

    corpus: str = option(SAMPLE, "WHERE", "sample (default), document.bin, Parquet, JSONL, a directory, or a Hub id")
    schemes: tuple[str, ...] | None = option(
        None, "A,B", "names of corpora, each put in place of {scheme} in the paths", as_names
    )
    features: tuple[str, ...] = option(
        WITHOUT_A_MODEL,
        "A,B",
        f"of {', '.join(FEATURES)} (default: the first three; none with --deduplicate)",
        as_names,
    )
    sequences: str | None = option(None, "WHERE", "sequences whose duplicates are counted (default: the whole corpus)")
    memorized: str | None = option(None, "WHERE", "sequences of the corpus whose tokens are counted apart")
    window: Window = option(CONTINUATION, "START:STOP", "tokens of a sequence to look for (default 32:64)", as_window)
    jaccard_threshold: float = option(
        JACCARD_THRESHOLD, "J", "smallest similarity of near duplicates, above 0 to 1 (default 0.8)", number_up_to(1)
    )
    ngram_tokens: int = option(
        NGRAM_TOKENS, "N", "tokens of the n-grams that near duplicates share (default 5)", integer_from(1)
    )
    embedding_model: str = option(
        DEFAULT_MODEL, "PATH|ID", "model of semantic duplicates (default all-MiniLM-L6-v2, from the Hub)"
    )
    deduplicate: tuple[Method, ...] = option(
        (), "A,B", f"write the corpus without duplicates: {', '.join(METHODS)}", as_methods
    )
    keep: Keep = option(
        "first", "WHICH", "of duplicates, keep the first (default) or the longest", one_of("choice", KEEP)
    )
    cosine_threshold: float = option(
        COSINE_THRESHOLD,
        "C",
        "smallest similarity at which semantic duplicates are removed (default 0.9)",
        number_up_to(1),
    )
    semantic_clusters: int | None = option(
        None,
        "N",
        "clusters within which semantic duplicates are compared (default: one per 10,000 sequences)",
        integer_from(1),
    )
    row_tokens: int = option(
        PYTHIA_ROW_TOKENS, "N", "tokens of a row of a .bin file without index (default 2049)", integer_from(1)
    )
    tokenizer: str | None = option(None, "PATH|ID", "encodes text: tokenizer.json, its directory, or a Hub id")

    @property
    def criteria(self) -> Criteria:
        """Return what is removed if the corpus is deduplicated."""
        return Criteria(
            self.deduplicate,
            self.keep,
            self.jaccard_threshold,
            self.ngram_tokens,
            self.cosine_threshold,
            self.semantic_clusters,
        )

    def as_json(self) -> dict[str, Any]:
        """Return the options by name, in JSON types."""
        return {**super().as_json(), "window": f"{self.window.start}:{self.window.stop}"}


def build_feature_configuration(options: dict[str, Any]) -> FeatureConfiguration:
    """Return the configuration with these options in place of the defaults; raise UserError for a wrong value."""
    values = checked_values(FeatureConfiguration, options)
    if "deduplicate" in values:
        values.setdefault("features", ())
    configuration = FeatureConfiguration(**values)
    require_known("feature", configuration.features, FEATURES)
    _require_used(values, {*configuration.features, *configuration.deduplicate})
    places = {"corpus": configuration.corpus, "sequences": configuration.sequences}
    places["memorized"] = configuration.memorized
    for name, place in places.items():
        if place is None or place == SAMPLE:
            continue
        if "{scheme}" in place and configuration.schemes is None:
            raise UserError(f"--{name} {printable(place)}: nothing says which schemes there are.\nGive --schemes.")
        if "{scheme}" not in place and len(configuration.schemes or ()) > 1:
            raise UserError(
                f"--{name} {printable(place)}: the same for {', '.join(configuration.schemes or ())}.\n"
                "Put {scheme} in its place in the path, or build each scheme in a run of its own."
            )
    return configuration


def _require_used(given: Iterable[str], asked: set[str]) -> None:
    """Raise UserError for an option that has no effect on what is asked for."""
    for name in given:
        users = USED_BY.get(name)
        if users is not None and asked.isdisjoint(users):
            options = [f"--{'deduplicate' if user in METHODS else 'features'} {user}" for user in users]
            raise UserError(f"--{name}: nothing that is asked for uses it.\nIt belongs to {' or '.join(options)}.")


COMMAND_LINE = CommandLine(
    "build_features.py",
    "Count in a training corpus what calculate_metrics.py joins, or write the corpus without duplicates.",
    "Without arguments it counts in the embedded sample. docs/corpus.md explains every option and table.",
    FeatureConfiguration,
    build_feature_configuration,
)
