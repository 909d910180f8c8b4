"""The command line of `build_features.py`."""

from __future__ import annotations

import argparse
from dataclasses import fields
from pathlib import Path
from typing import NamedTuple

from features.deduplication import METHODS
from spark.corpus.configuration import FEATURES, FeatureConfiguration, build_feature_configuration
from spark.reporting.reporter import Format
from spark.runs.command_line import Parser, add_reporting
from spark.runs.option_checks import read_config_file


class FeatureRequest(NamedTuple):
    """What the command line asks for. report: how to tell of it."""

    configuration: FeatureConfiguration
    plan_only: bool
    report: Format


def parse_feature_arguments(arguments: list[str] | None) -> FeatureRequest:
    """What the command line, and the YAML file where one is named, ask for."""
    parsed = vars(build_feature_parser().parse_args(arguments))
    plan_only, report, config = parsed.pop("plan", False), parsed.pop("report", "text"), parsed.pop("config", None)
    known = [field.name for field in fields(FeatureConfiguration)]
    options = read_config_file(Path(config), known) if config is not None else {}
    return FeatureRequest(build_feature_configuration(options | parsed), plan_only, report)


def build_feature_parser() -> argparse.ArgumentParser:
    """The parser of the command line; its errors are UserErrors."""
    parser = Parser(
        prog="build_features.py",
        description="Builds from a training corpus the feature tables that calculate_metrics.py joins.",
        epilog="Without arguments it builds those of the embedded sample. README.md has the whole story.",
        argument_default=argparse.SUPPRESS,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--corpus", metavar="WHERE", help="sample (default), document.bin, Parquet, JSONL, a directory, or a Hub id")
    add("--schemes", metavar="A,B", help="names of corpora, each in place of {scheme} in the paths")
    add(
        "--features",
        metavar="A,B",
        help=f"of {', '.join(FEATURES)} (default: the first three, or none to deduplicate)",
    )
    add("--sequences", metavar="WHERE", help="sequences whose duplicates are counted (default: all of the corpus)")
    add("--memorized", metavar="WHERE", help="sequences of the corpus whose tokens are counted apart")
    add("--window", metavar="START:STOP", help="tokens of a sequence that are looked for (default 32:64)")
    add("--jaccard_threshold", metavar="J", help="how similar near duplicates are at least, above 0 to 1 (default 0.8)")
    add("--ngram_tokens", metavar="N", help="tokens of the n-grams that near duplicates share (default 5)")
    add("--embedding_model", metavar="PATH|ID", help="of semantic duplicates (default all-MiniLM-L6-v2, from the Hub)")
    add("--deduplicate", metavar="A,B", help=f"write the corpus without duplicates: {', '.join(METHODS)}")
    add("--keep", metavar="WHICH", help="of duplicates, the first (default) or the longest")
    add("--cosine_threshold", metavar="C", help="how similar what --deduplicate semantic removes is (default 0.9)")
    add("--semantic_clusters", metavar="N", help="within which it compares (default: one for 10,000 sequences)")
    add("--row_tokens", metavar="N", help="tokens of a row of a .bin file without index (default 2049)")
    add("--tokenizer", metavar="PATH|ID", help="encodes text: tokenizer.json, its directory, or a Hub id")
    add("--run_id", metavar="NAME", help="directory of this run; a run that stopped goes on under its name")
    add("--config", metavar="FILE", help="YAML file of these options")
    add("--output_dir", metavar="DIR", help="where runs are written (default output)")
    add("--cache_dir", metavar="DIR", help="where Hub data is kept (default ~/.cache/memorization-metrics)")
    add_reporting(parser)
    return parser
