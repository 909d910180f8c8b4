"""The README tells the truth: its columns, its options, its examples, its commands."""

from __future__ import annotations

import argparse
import re

import pyarrow as pa
import pytest

from filters import apply_filters
from filters.describe import columns_table
from sample.paths import tokenizer_path
from spark.corpus.command_line import build_feature_parser
from spark.metrics.command_line import build_parser
from tests.conftest import PROJECT

README = (PROJECT / "README.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^\| `(is_\w+)` \| (true|false) \| `(.*)` \|$", README, re.MULTILINE)


def test_the_columns_are_those_of_the_filters() -> None:
    assert columns_table() in README


@pytest.mark.parametrize("parser", [build_parser(), build_feature_parser()], ids=["metrics", "features"])
def test_every_option_is_described(parser: argparse.ArgumentParser) -> None:
    for action in parser._actions:
        for option in action.option_strings:
            assert option in ("-h", "--help") or option in README


def test_every_target_that_is_named_exists() -> None:
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"make ([a-z]+)", README + (PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8")))
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    assert named & {"run", "test", "setup", "help", "accuracy"} <= targets


@pytest.mark.parametrize(("column", "value", "text"), EXAMPLES)
def test_every_example_is_measured_as_the_table_says(column: str, value: str, text: str) -> None:
    measured = apply_filters(pa.table({"text": [text]}), tokenizer_path())
    assert measured[column].to_pylist() == [value == "true"]


def test_there_is_an_example_of_every_boolean() -> None:
    assert {column for column, _, _ in EXAMPLES} == {"is_repeating", "is_incrementing", "is_code"}
