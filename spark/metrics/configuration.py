"""The options of `calculate_metrics.py`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from filters.contract import MIN_K_PERCENT, FeatureTable
from filters.feature_tables import (
    DUPLICATES,
    LONGEST_MATCH,
    NEAR_DUPLICATES,
    NL_SCORES,
    PERPLEXITIES,
    SEMANTIC_DUPLICATES,
    TOKEN_FREQUENCIES,
)
from spark.runs.command_line import CommandLine
from spark.runs.option_checks import as_names, integer_from, number_up_to, one_of
from spark.runs.options import DOCUMENT_PER, RunConfiguration, checked_values, option

PRECISIONS = ("float32", "bfloat16", "float16")
MODEL = "language model"  # the heading of the options that need one


def feature_table_option(table: FeatureTable) -> Any:
    """Declare the option for the location of a feature table.

    `auto` means the table of the sample, and no table for other data.
    """
    return option(
        "auto",
        "WHERE",
        f"feature table: {table.published_choice}none, a local path or a Hub id",
        group="feature tables",
    )


@dataclass(frozen=True)
class Configuration(RunConfiguration):
    """The options of `calculate_metrics.py`.

    models, schemes: None means all of the sample or of a local directory, and the smallest of Hub data.
    model: the language model to evaluate; None means the sample's own for the sample, and Pythia's for Hub data.
    """

    datasets: tuple[str, ...] = option(
        ("sample",),
        "A,B",
        "sample (default), memories, pile, pile_test, or local paths and patterns such as 'data/*.jsonl'",
        as_names,
    )
    models: tuple[str, ...] | None = option(
        None, "A,B", "70m, 160m, 410m, 1b, 1.4b, 2.8b, 6.9b, 12b, 12b.23000, ...", as_names
    )
    schemes: tuple[str, ...] | None = option(None, "A,B", "deduped, duped", as_names)
    filters: tuple[str, ...] = option(
        ("all",),
        "A,B",
        "names of filters, or all, model (default: all; with a model, both); see --list_filters",
        as_names,
        group="filters",
    )
    sample_size: int | None = option(
        None, "N", "measure N random sequences per split; the same seed draws the same ones", integer_from(1)
    )
    sample_seed: int = option(0, "N", "seed of --sample_size (default 0)", integer_from(0))
    tokenizer: str | None = option(None, "PATH|ID", "tokenizer.json, its directory, or a Hub id")
    model: str | None = option(
        None, "PATH|ID", "language model to evaluate: published (Pythia's), a directory, or a Hub id", group=MODEL
    )
    min_k_percent: float = option(
        MIN_K_PERCENT,
        "K",
        "share of tokens that Min-K% and Min-K%++ take (default 20)",
        number_up_to(100),
        group=MODEL,
    )
    precision: str = option(
        "float32",
        "NAME",
        "of the model: float32 (default), bfloat16, float16",
        one_of("precision", PRECISIONS),
        group=MODEL,
    )
    duplicates: str = feature_table_option(DUPLICATES)
    token_frequencies: str = feature_table_option(TOKEN_FREQUENCIES)
    near_duplicates: str = feature_table_option(NEAR_DUPLICATES)
    semantic_duplicates: str = feature_table_option(SEMANTIC_DUPLICATES)
    longest_match: str = feature_table_option(LONGEST_MATCH)
    nl_scores: str = feature_table_option(NL_SCORES)
    perplexities: str = feature_table_option(PERPLEXITIES)


def build_configuration(options: dict[str, Any]) -> Configuration:
    """Return the configuration with these options in place of the defaults; raise UserError for a wrong value."""
    values = checked_values(Configuration, options)
    configuration = Configuration(**values)
    asks_model = configuration.model is not None or configuration.datasets == ("sample",)
    return replace(configuration, filters=("all", "model")) if asks_model and "filters" not in values else configuration


def filter_names() -> tuple[str, ...]:
    """Return the names of the groups of filters, and of all filters."""
    from filters.registry import ALL_FILTERS, GROUPS

    return (*GROUPS, *(each.name for each in ALL_FILTERS))


def list_filters() -> str:
    """Return the names of all filters with what they measure, by group."""
    from filters.registry import ALL_FILTERS, GROUPS

    width = max(len(each.name) for each in ALL_FILTERS)
    headings = {group: f"--filters {group}" for group in GROUPS} | {None: "only by name"}
    return "\n".join(
        line
        for group, heading in headings.items()
        for line in (
            heading,
            *(f"  {each.name:<{width}}  {each.meaning}" for each in ALL_FILTERS if each.group == group),
        )
    )


COMMAND_LINE = CommandLine(
    "calculate_metrics.py",
    "Measure how language models memorize: one Parquet row of metrics per sequence.",
    "Without arguments it measures the embedded sample. docs/ explains every option and column.",
    Configuration,
    build_configuration,
    examples=(
        ("", "the embedded sample"),
        ("--datasets my_sequences.jsonl --tokenizer my_model/tokenizer.json", "your own sequences"),
        ("--datasets my_sequences.parquet --model my_model/", "what your own model memorized of them"),
        ("--datasets memories --models 70m --schemes deduped", "what Pythia-70m memorized, from the Hub"),
    ),
    listings=(("list_filters", "print the filters and what they measure", list_filters),),
    completed={"filters": filter_names, "precision": lambda: PRECISIONS, "document_per": lambda: DOCUMENT_PER},
)
