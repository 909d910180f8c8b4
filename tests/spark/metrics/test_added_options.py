"""A run may go on with options that only add columns."""

from __future__ import annotations

from typing import Any

import pytest

from spark.metrics.added_options import adds_columns
from spark.metrics.configuration import build_configuration


def options(**given: Any) -> dict[str, Any]:
    return build_configuration({"datasets": "data.parquet", **given}).as_json()


@pytest.mark.parametrize(
    ("name", "before", "now", "expected"),
    [
        ("filters", {"filters": "repetition"}, {"filters": "all"}, True),
        ("filters", {"filters": "all"}, {"filters": "repetition"}, False),
        ("filters", {"filters": "repetition"}, {"filters": "compressibility"}, False),
        ("filters", {}, {"model": "mine"}, True),
        ("duplicates", {}, {"duplicates": "a.parquet"}, True),
        ("duplicates", {"duplicates": "none"}, {"duplicates": "a.parquet"}, True),
        ("duplicates", {"duplicates": "b.parquet"}, {"duplicates": "a.parquet"}, False),
        ("duplicates", {"datasets": "sample"}, {"datasets": "sample", "duplicates": "a.parquet"}, False),
        ("duplicates", {"filters": "repetition", "duplicates": "b"}, {"duplicates": "a.parquet"}, True),
        ("token_frequencies", {"token_frequencies": "b"}, {"token_frequencies": "a"}, False),
        ("model", {}, {"model": "mine"}, True),
        ("model", {"model": "other"}, {"model": "mine"}, False),
        ("prompt_tokens", {"model": "mine"}, {"model": "mine", "prompt_tokens": 16}, False),
        ("precision", {}, {"model": "mine", "precision": "bfloat16"}, True),
        ("tokenizer", {}, {"tokenizer": "t.json"}, False),
        ("sample_size", {}, {"sample_size": 5}, False),
        ("datasets", {}, {"datasets": "other.parquet"}, False),
    ],
)
def test_an_option_may_differ_only_if_no_measured_column_depends_on_it(
    name: str, before: dict[str, Any], now: dict[str, Any], expected: bool
) -> None:
    assert adds_columns(name, options(**before), options(**now)) is expected


def test_a_record_of_another_version_keeps_its_options() -> None:
    assert not adds_columns("filters", {"filters": ["gone"]}, options())
    assert not adds_columns("filters", {}, options())
