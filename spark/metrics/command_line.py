"""The command line of `calculate_metrics.py`."""

from __future__ import annotations

import argparse
from dataclasses import fields
from pathlib import Path
from typing import NamedTuple

from spark.metrics.configuration import DEFAULT_CONFIG, FEATURE_TABLES, Configuration, build_configuration
from spark.reporting.reporter import Format
from spark.runs.command_line import Parser, add_reporting
from spark.runs.option_checks import read_config_file


class Request(NamedTuple):
    """What the command line asks for. report: how to tell of it."""

    configuration: Configuration
    plan_only: bool
    report: Format


def parse_arguments(arguments: list[str] | None) -> Request:
    """What the command line and the YAML file ask for."""
    parsed = vars(build_parser().parse_args(arguments))
    plan_only, report = parsed.pop("plan", False), parsed.pop("report", "text")
    known = [field.name for field in fields(Configuration)]
    options = read_config_file(Path(parsed.pop("config", DEFAULT_CONFIG)), known)
    return Request(build_configuration(options | parsed), plan_only, report)


def build_parser() -> argparse.ArgumentParser:
    """The parser of the command line; its errors are UserErrors."""
    parser = Parser(
        prog="calculate_metrics.py",
        description="Measures how language models memorize: one Parquet row of metrics for each sequence.",
        epilog="Without arguments it measures the embedded sample. README.md has the whole story.",
        argument_default=argparse.SUPPRESS,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add(
        "--datasets",
        metavar="A,B",
        help="sample (default), memories, pile, pile_test, or local paths",
    )
    add("--models", metavar="A,B", help="70m, 160m, 410m, 1b, 1.4b, 2.8b, 6.9b, 12b, 12b.23000, ...")
    add("--schemes", metavar="A,B", help="deduped, duped")
    add("--filters", metavar="A,B", help="names of filters, or all, model (default: all; with a model, both)")
    add("--run_id", metavar="NAME", help="directory of this run; a run that stopped goes on under its name")
    add("--sample_size", metavar="N", help="measure N sequences of each split, drawn at random")
    add("--sample_seed", metavar="N", help="which N are drawn (default 0)")
    add("--tokenizer", metavar="PATH|ID", help="tokenizer.json, its directory, or a Hub id")
    add("--model", metavar="PATH|ID", help="language model to ask; published (Pythia's), a directory, or a Hub id")
    add("--prompt_tokens", metavar="N", help="tokens that the model is prompted with (default 32)")
    add("--continuation_tokens", metavar="N", help="tokens at a sequence's end that it is to give back (default 32)")
    add("--min_k_percent", metavar="K", help="of Min-K%% and Min-K%%++ (default 20)")
    add("--precision", metavar="NAME", help="of the model: float32 (default), bfloat16, float16")
    add("--config", metavar="FILE", help="YAML file of options (default configs/sample.yaml)")
    add("--output_dir", metavar="DIR", help="where runs are written (default output)")
    add("--cache_dir", metavar="DIR", help="where Hub data is kept (default ~/.cache/memorization-metrics)")
    for table in FEATURE_TABLES:
        add(f"--{table}", metavar="WHERE", help="feature table: published, none, a local path or a Hub id")
    add_reporting(parser)
    return parser
