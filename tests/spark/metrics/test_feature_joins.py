"""Feature tables are joined without losing or repeating a row, and perplexities get one definition."""

from __future__ import annotations

import gzip
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from filters.feature_tables import feature_table
from spark.metrics.feature_joins import join_feature, read_feature, require_unique_keys
from spark.metrics.feature_tables import FeatureFiles, resolve_feature_table
from spark.metrics.token_frequencies import read_token_frequencies
from spark.session.failures import failure_message
from spark.sources.catalog import TableLocation
from spark.sources.resolver import Resolver
from utils import UserError

Write = Callable[..., Path]


def resolver(tmp_path: Path) -> Resolver:
    return Resolver(tmp_path / "cache", {}, lambda _: None)


def feature(table: str, path: Path) -> FeatureFiles:
    found = resolve_feature_table(
        feature_table(table), TableLocation(str(path), is_local=True), None, resolver(path.parent)
    )
    assert found is not None
    return found


def test_a_join_keeps_every_row_and_gives_null_for_missing_keys(spark: Any, write_parquet: Write) -> None:
    table = feature("duplicates", write_parquet("a.parquet", {"index": [1, 2, 9], "counts": [10, 20, 90]}))
    frame = spark.createDataFrame([(1,), (2,), (3,), (None,)], "sequence_id long")
    joined = {row[0]: row[1] for row in join_feature(frame, table).collect()}
    assert joined == {1: 10, 2: 20, 3: None, None: None}


def test_a_json_table_is_not_collected_in_the_driver(spark: Any, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("".join(f'{{"sequence_id": {row}, "counts": {row + 1}}}\n' for row in range(50)))
    joined = join_feature(spark.range(60).withColumnRenamed("id", "sequence_id"), feature("duplicates", path))
    assert dict(joined.collect()) == {row: row + 1 if row < 50 else None for row in range(60)}
    assert "Broadcast" not in joined._jdf.queryExecution().executedPlan().toString()


def test_the_error_for_a_repeated_key_names_the_key(spark: Any, write_parquet: Write) -> None:
    table = feature("duplicates", write_parquet("a.parquet", {"sequence_id": [5, 5, 4], "counts": [1, 2, 3]}))
    with pytest.raises(UserError, match="sequence_id 5 occurs 2 times"):
        require_unique_keys(spark, table)


def test_a_count_beyond_64_bits_is_an_error(spark: Any, write_parquet: Write) -> None:
    columns = pa.table({"sequence_id": [1], "counts": pa.array([2**64 - 1], pa.uint64())})
    table = feature("duplicates", write_parquet("a.parquet", columns))
    with pytest.raises(Exception, match="CAST_OVERFLOW"):
        read_feature(spark, table).collect()


@pytest.mark.parametrize(
    ("table", "columns", "found"),
    [
        pytest.param(
            "duplicates", {"counts": [3, -1]}, "from 0 on in column `sequence_duplicates`, found -1", id="count"
        ),
        pytest.param("nl_scores", {"nl_scores": [0.5, 1.5]}, "from 0 to 1 .*, found 1.5", id="probability"),
        pytest.param(
            "perplexities",
            {"loss": [1.0, -2.0]}
            | {f"{part}_perplexity": [math.e] * 2 for part in ("prompt", "generation", "sequence")},
            "from 0 on in column `loss`, found -2",
            id="loss",
        ),
    ],
)
def test_the_error_for_a_value_out_of_range_names_the_key(
    spark: Any, write_parquet: Write, table: str, columns: dict[str, list[Any]], found: str
) -> None:
    read = read_feature(spark, feature(table, write_parquet("a.parquet", {"sequence_id": [1, 7]} | columns)))
    with pytest.raises(Exception, match=rf"expected numbers {found}.* at the key 7") as raised:
        read.collect()
    assert re.match(f"--{table} .*a.parquet: expected", failure_message(raised.value, "data"))


def test_an_unreadable_line_of_a_feature_table_is_an_error(spark: Any, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"sequence_id": 1, "counts": 3}\n{"sequence_id": 2, "counts": \n')
    with pytest.raises(Exception, match=r"a\.jsonl: the line is not JSON") as raised:
        read_feature(spark, feature("duplicates", path)).collect()
    assert "the line is not JSON" in failure_message(raised.value, "data")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("a.jsonl", b'{"TokenID": 1, "Frequency": 3}\n{"TokenID": 2\n', id="incomplete line"),
        pytest.param("a.jsonl.gz", gzip.compress(b"{}")[:-3], id="truncated gzip file"),
    ],
)
def test_the_error_for_damaged_token_frequencies_names_the_file(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=name):
        read_token_frequencies([feature("token_frequencies", tmp_path / name)])


def test_the_error_for_a_damaged_page_of_token_frequencies_names_the_file(write_parquet: Write) -> None:
    path = write_parquet("a.parquet", {"TokenID": list(range(99)), "Frequency": [5] * 99}, write_page_checksum=True)
    content = bytearray(path.read_bytes())
    content[60:90] = b"\xff" * 30
    path.write_bytes(bytes(content))
    with pytest.raises(UserError, match=r"a.parquet is damaged"):
        read_token_frequencies([feature("token_frequencies", path)])


def test_a_table_without_the_expected_columns_is_an_error(write_parquet: Write) -> None:
    with pytest.raises(UserError, match=r"expected columns sequence_id/index/Index/id and .*found index, wrong"):
        feature("duplicates", write_parquet("a.parquet", {"index": [1], "wrong": [1]}))


def perplexities(definition: str) -> dict[str, list[float]]:
    """Return a perplexity table of random sequences by one of the definitions."""
    generator = np.random.default_rng(3)
    prompt, generation = generator.gamma(2, 30, 200), generator.gamma(2, 30, 200)
    own = definition == "ours"
    return {
        "sequence_id": list(range(200)),
        "loss": list((prompt + generation) / 63),
        "prompt_perplexity": list(np.exp(prompt / (31 if own else 63))),
        "generation_perplexity": list(np.exp(generation / (32 if own else 63))),
        "sequence_perplexity": list(np.exp((prompt + generation) / 63)),
    }


@pytest.mark.parametrize("definition", ["ours", "published"])
def test_perplexities_of_either_definition_are_converted_to_ours(
    spark: Any, write_parquet: Write, definition: str
) -> None:
    table = feature("perplexities", write_parquet("a.parquet", perplexities(definition)))
    read = {row["sequence_id"]: row for row in read_feature(spark, table).collect()}
    expected = perplexities("ours")
    for name in ("loss", "prompt_perplexity", "generation_perplexity", "sequence_perplexity"):
        for number, value in enumerate(expected[name]):
            assert math.isclose(read[number][name], value, rel_tol=1e-9)


def test_perplexities_of_no_known_definition_are_an_error(spark: Any, write_parquet: Write) -> None:
    columns = perplexities("ours") | {"prompt_perplexity": [3.0] * 200}
    with pytest.raises(UserError, match="fit neither definition"):
        read_feature(spark, feature("perplexities", write_parquet("a.parquet", columns)))


def test_token_frequencies_are_summed_over_the_tables_and_unknown_if_no_table_lists_them(write_parquet: Write) -> None:
    first = write_parquet("a.parquet", {"TokenID": [0, 2, 6], "Frequency": [5, 6, 7]})
    second = write_parquet("b.parquet", {"TokenID": [2, 3], "Frequency": [10, 0]})
    tables = [feature("token_frequencies", path) for path in (first, second)]
    assert read_token_frequencies(tables).tolist() == [5, -1, 16, 0, -1, -1, 7]


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        pytest.param([4, 4], "token id 4 occurs 2 times", id="repeated"),
        pytest.param([4, -1], "found -1 to 4", id="negative"),
        pytest.param([4, 2**40], f"found 4 to {2**40}", id="too large"),
        pytest.param([4, None], "expected no nulls", id="null"),
    ],
)
def test_the_error_for_wrong_token_ids_names_them(write_parquet: Write, ids: list[int | None], message: str) -> None:
    path = write_parquet("a.parquet", {"TokenID": ids, "Frequency": [5, 6]})
    with pytest.raises(UserError, match=message):
        read_token_frequencies([feature("token_frequencies", path)])
