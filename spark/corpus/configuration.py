"""The options of `build_features.py`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from features.deduplication import COSINE_THRESHOLD, KEEP, METHODS, Criteria, Keep, Method
from features.semantic_duplicates.model import DEFAULT_MODEL
from filters.feature_tables import JACCARD_THRESHOLD, NGRAM_TOKENS
from spark.corpus.jobs import FEATURE_JOBS, users_by_option
from spark.runs.command_line import CommandLine
from spark.runs.option_checks import as_names, integer_from, integers_from, number_up_to, one_of
from spark.runs.options import DOCUMENT_PER, RunConfiguration, checked_values, option
from utils import UserError, printable, require_known

FEATURES = tuple(job.feature for job in FEATURE_JOBS)
DEFAULT_FEATURES = tuple(job.feature for job in FEATURE_JOBS if job.is_default)
SAMPLE = "sample"
# Headings of the options.
TABLES, SIMILARITY, DEDUPLICATE = "feature tables", "near and semantic duplicates", "deduplication"
USED_BY = users_by_option()


def as_methods(name: str, value: Any) -> tuple[Method, ...]:
    """Accept names of deduplication methods; return them in the order of application."""
    names = as_names(name, value)
    require_known("method", names, METHODS)
    return tuple(method for method in METHODS if method in names)


@dataclass(frozen=True)
class FeatureConfiguration(RunConfiguration):
    """The options of one run of `build_features.py`: the corpus, and the features to build from it.

    sequences: the sequences whose duplicates are counted; None for every row of the corpus.
    memorized: the sequences whose tokens are counted separately. None means the memories of the sample's larger model
        for the sample, and no sequences for any other corpus.
    features: empty by default if the corpus is deduplicated.
    """

    corpus: str = option(
        SAMPLE, "WHERE", "sample (default), document.bin, a data file, a directory, 'data/*.jsonl', or a Hub id"
    )
    schemes: tuple[str, ...] | None = option(
        None, "A,B", "names of corpora; each replaces {scheme} in the paths", as_names
    )
    features: tuple[str, ...] = option(
        DEFAULT_FEATURES,
        "A,B",
        f"{', '.join(FEATURES)} (default: the first three; none with --deduplicate)",
        as_names,
        group=TABLES,
    )
    sequences: str | None = option(
        None, "WHERE", "sequences whose duplicates are counted (default: the whole corpus)", group=TABLES
    )
    memorized: str | None = option(
        None, "WHERE", "sequences of the corpus whose tokens are counted separately", group=TABLES
    )
    window_tokens: tuple[int, ...] = option(
        (),
        "N,N",
        "count the duplicates of the last N tokens of each sequence too",
        integers_from(1),
        group=TABLES,
    )
    jaccard_threshold: float = option(
        JACCARD_THRESHOLD,
        "J",
        "minimum Jaccard similarity of near duplicates, above 0 and at most 1 (default 0.8)",
        number_up_to(1),
        group=SIMILARITY,
    )
    ngram_tokens: int = option(
        NGRAM_TOKENS,
        "N",
        "tokens per n-gram when comparing near duplicates (default 5)",
        integer_from(1),
        group=SIMILARITY,
    )
    embedding_model: str = option(
        DEFAULT_MODEL,
        "PATH|ID",
        "embedding model for semantic duplicates (default all-MiniLM-L6-v2, from the Hub)",
        group=SIMILARITY,
    )
    deduplicate: tuple[Method, ...] = option(
        (), "A,B", f"write the corpus without duplicates: {', '.join(METHODS)}", as_methods, group=DEDUPLICATE
    )
    keep: Keep = option(
        "first",
        "WHICH",
        "of duplicates, keep the first (default) or the longest",
        one_of("choice", KEEP),
        group=DEDUPLICATE,
    )
    cosine_threshold: float = option(
        COSINE_THRESHOLD,
        "C",
        "minimum cosine similarity of semantic duplicates to remove (default 0.9)",
        number_up_to(1),
        group=DEDUPLICATE,
    )
    semantic_clusters: int | None = option(
        None,
        "N",
        "number of clusters to find semantic duplicates within (default: one per 10,000 distinct rows)",
        integer_from(1),
        group=DEDUPLICATE,
    )
    tokenizer: str | None = option(None, "PATH|ID", "encodes text: tokenizer.json, its directory, or a Hub id")

    @property
    def criteria(self) -> Criteria:
        """Return the criteria of a deduplication of the corpus."""
        return Criteria(
            self.deduplicate,
            self.keep,
            self.jaccard_threshold,
            self.ngram_tokens,
            self.cosine_threshold,
            self.semantic_clusters,
        )


def build_feature_configuration(options: dict[str, Any]) -> FeatureConfiguration:
    """Return the configuration with these options in place of the defaults; raise UserError for a wrong value."""
    values = checked_values(FeatureConfiguration, options)
    if "deduplicate" in values:
        values.setdefault("features", ())
    configuration = FeatureConfiguration(**values)
    require_known("feature", configuration.features, FEATURES)
    _require_used(values, {*configuration.features, *configuration.deduplicate})
    longest = configuration.prompt_tokens + configuration.continuation_tokens
    if max(configuration.window_tokens, default=0) > longest:
        raise UserError(
            f"--window_tokens: expected at most the {longest} tokens of prompt and continuation, "
            f"found {max(configuration.window_tokens)}.\nGive fewer, or more --prompt_tokens."
        )
    paths = {"corpus": configuration.corpus, "sequences": configuration.sequences, "memorized": configuration.memorized}
    for name, path in paths.items():
        if path is None or path == SAMPLE:
            continue
        if "{scheme}" in path and configuration.schemes is None:
            raise UserError(
                f"--{name} {printable(path)}: expected --schemes, which replace {{scheme}}, found none.\n"
                "Give --schemes, such as duped,deduped."
            )
        if "{scheme}" not in path and len(configuration.schemes or ()) > 1:
            raise UserError(
                f"--{name} {printable(path)}: expected {{scheme}} in the path, found one path for "
                f"{', '.join(configuration.schemes or ())}.\n"
                "Write {scheme} where the paths differ, or build each scheme in a separate run."
            )
    return configuration


def _require_used(given: Iterable[str], requested: set[str]) -> None:
    """Raise UserError for an option that none of the requested features and methods uses."""
    for name in given:
        users = USED_BY.get(name)
        if users is not None and requested.isdisjoint(users):
            options = [f"--{'deduplicate' if user in METHODS else 'features'} {user}" for user in users]
            raise UserError(f"--{name}: this option would have no effect.\nRemove it, or add {' or '.join(options)}.")


COMMAND_LINE = CommandLine(
    "build_features.py",
    "Build feature tables of a training corpus for calculate_metrics.py, or write the corpus without duplicates.",
    "Without arguments, it reads the embedded sample. docs/corpus.md explains every option and table.",
    FeatureConfiguration,
    build_feature_configuration,
    examples=(
        ("", "the feature tables of the embedded sample"),
        ("--corpus document.bin --sequences my_sequences.parquet --features duplicates", "count in Pythia's corpus"),
        ("--corpus my_corpus/ --deduplicate exact,fuzzy", "write your corpus without its duplicates"),
    ),
    completed={
        "features": lambda: FEATURES,
        "deduplicate": lambda: METHODS,
        "keep": lambda: KEEP,
        "document_per": lambda: DOCUMENT_PER,
    },
)
