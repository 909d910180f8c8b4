"""Feature tables that say what they were counted for: refused if that is not what the run measures, and described."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import calculate_metrics
from filters.feature_tables import NEAR_DUPLICATES, feature_table
from spark.metrics.counted_tables import describe_tables, require_same_continuation
from spark.metrics.feature_tables import FeatureFiles, resolve_feature_table
from spark.sources.catalog import TableLocation
from spark.sources.counted_for import CountedFor
from spark.sources.resolver import Resolver
from utils import UserError

Write = Callable[..., Path]
COUNTS = {"duplicates": {"index": [1], "counts": [2]}, "near_duplicates": {"sequence_id": [1], "near_duplicates": [2]}}


def record(feature: str, **settings: Any) -> CountedFor:
    return CountedFor(feature, "corpus.bin", 9, None, settings)


def counted(feature: str, path: Path, write_parquet: Write, **settings: Any) -> FeatureFiles:
    """Write a feature table with a record of these settings, and resolve it."""
    metadata = record(feature, **settings).as_metadata()
    written = write_parquet(str(path), pa.table(COUNTS[feature]).replace_schema_metadata(metadata))
    return resolved(feature, written)


def resolved(feature: str, path: Path) -> FeatureFiles:
    location = TableLocation(str(path), is_local=True)
    found = resolve_feature_table(feature_table(feature), location, None, Resolver(path.parent, {}, lambda _: None))
    assert found is not None
    return found


def test_counts_of_other_tokens_are_refused_with_both_stated(write_parquet: Write, tmp_path: Path) -> None:
    table = counted("duplicates", tmp_path / "a.parquet", write_parquet, prompt_tokens=8, continuation_tokens=16)
    expected = (
        "--duplicates .*a.parquet: expected counts of each sequence's last 32 tokens, found counts of its last 16.\n"
        "Build it with --continuation_tokens 32, or measure with --continuation_tokens 16."
    )
    with pytest.raises(UserError, match=expected):
        require_same_continuation(table, 32)
    require_same_continuation(table, 16)


def test_each_file_of_a_table_is_checked(write_parquet: Write, tmp_path: Path) -> None:
    for number, tokens in enumerate((32, 24)):
        path = tmp_path / "table" / f"{number}.parquet"
        counted("duplicates", path, write_parquet, continuation_tokens=tokens)
    with pytest.raises(UserError, match="found counts of its last 24"):
        require_same_continuation(resolved("duplicates", tmp_path / "table"), 32)


def test_tables_that_say_nothing_and_tables_of_whole_sequences_are_joined(write_parquet: Write, tmp_path: Path) -> None:
    require_same_continuation(resolved("duplicates", write_parquet("a.parquet", COUNTS["duplicates"])), 16)
    of_sequences = counted("near_duplicates", tmp_path / "b.parquet", write_parquet, continuation_tokens=32)
    require_same_continuation(of_sequences, 16)


def test_a_program_refuses_before_spark_starts(
    write_parquet: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    counted("duplicates", tmp_path / "counts.parquet", write_parquet, continuation_tokens=16)
    write_parquet("mine.parquet", {"sequence_id": [1], "tokens": [[1] * 64]})
    monkeypatch.chdir(tmp_path)
    options = ["--datasets", "mine.parquet", "--duplicates", "counts.parquet", "--filters", "duplicates"]
    assert calculate_metrics.main([*options, "--cache_dir", "cache"]) == 2
    assert "expected counts of each sequence's last 32 tokens, found counts of its last 16" in capsys.readouterr().err
    assert not Path("output").exists()


@pytest.mark.parametrize(
    ("settings", "differs"),
    [
        ({"jaccard_threshold": 0.8, "ngram_tokens": 5}, []),
        ({}, []),
        (
            {"jaccard_threshold": 0.7, "ngram_tokens": 5},
            [{"setting": "jaccard_threshold", "counted_with": 0.7, "described": 0.8}],
        ),
    ],
)
def test_a_table_is_described_with_what_differs_from_its_columns(
    write_parquet: Write, tmp_path: Path, settings: Mapping[str, float], differs: list[dict[str, Any]]
) -> None:
    path = tmp_path / "a.parquet"
    table = counted("near_duplicates", path, write_parquet, **settings)
    assert describe_tables([table]) == [
        {
            "feature": "near_duplicates",
            "location": str(path),
            "counted_for": [record("near_duplicates", **settings).as_json()],
            "differs": differs,
        }
    ]
    assert dict(NEAR_DUPLICATES.described) == {"jaccard_threshold": 0.8, "ngram_tokens": 5}


def test_a_table_that_says_nothing_is_described_without_a_record(write_parquet: Write) -> None:
    (entry,) = describe_tables([resolved("duplicates", write_parquet("a.parquet", COUNTS["duplicates"]))])
    assert (entry["counted_for"], entry["differs"]) == ([], [])
