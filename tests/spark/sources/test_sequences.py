"""Reading any source into one schema, and drawing samples from it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from spark.metrics.row_selection import draw_sample, reject_repeated_ids
from spark.sources.input_columns import recognise_columns
from spark.sources.local_files import describe_files, find_files
from spark.sources.sequences import read_sequences
from utils import UserError

Write = Callable[..., Path]


def load(spark: Any, path: Path) -> Any:
    files = describe_files(find_files(path))
    return read_sequences(spark, files, recognise_columns(files.schema, str(path)))


def rows_by_id(frame: Any) -> dict[int | None, dict[str, Any]]:
    return {row["sequence_id"]: row.asDict() for row in frame.collect()}


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(("sequence_id", "tokens"), id="ours"),
        pytest.param(("index", "tokens"), id="memories"),
        pytest.param(("Index", "Tokens"), id="pile"),
    ],
)
def test_known_column_names_are_read_into_one_schema(spark: Any, write_parquet: Write, names: tuple[str, str]) -> None:
    path = write_parquet("a.parquet", {names[0]: [7, 8], names[1]: [[1, 2], [3]], "mine": ["x", "y"]})
    frame = load(spark, path)
    assert frame.columns == ["sequence_id", "tokens", "_run_other_0", "_run_rejection"]
    assert rows_by_id(frame)[8]["tokens"] == [3]


def test_pile_scores_are_recognised_and_other_columns_kept(spark: Any, write_parquet: Write) -> None:
    path = write_parquet("a.parquet", {"Index": [1], "Tokens": [[1]], "70M": [0.5], "1.4B": [1.0], "x": [3]})
    row = load(spark, path).first()
    assert row["_run_70m_memorization_score"] == 0.5
    assert row["_run_1.4b_memorization_score"] == 1.0
    assert row["_run_other_0"] == 3


def test_rows_without_ids_are_numbered_across_files(spark: Any, write_parquet: Write) -> None:
    for name, start, rows in (("d/b.parquet", 5_000, 3), ("d/a.parquet", 0, 5_000)):
        path = write_parquet(name, {"tokens": [[start + i] for i in range(rows)]}, row_group_size=500)
    spark.conf.set("spark.sql.files.maxPartitionBytes", "4k")
    frame = load(spark, path.parent)
    assert frame.rdd.getNumPartitions() > 2
    numbered = rows_by_id(frame)
    spark.conf.set("spark.sql.files.maxPartitionBytes", "16m")
    assert sorted(numbered) == list(range(5_003))
    assert all(row["tokens"] == [number] for number, row in numbered.items())


def write_lines(path: Path, lines: list[bytes]) -> Path:
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path


def test_damaged_json_lines_are_rejected_with_their_line(spark: Any, tmp_path: Path) -> None:
    lines = [json.dumps({"text": f"line {i}", "more": i}).encode() for i in range(20)]
    bad = {
        3: (b'{"text": "cut', "the line is not JSON"),
        5: (b'{"text": "\xff\xfe"}', "the line is not valid UTF-8"),
        7: (b'{"text": 3}', "column 'text' is not of type string"),
        9: (b'[{"text": "a"}, {"text": "b"}]', "the line is not a JSON object but a list"),
        11: (b'{"text": "a", "late": 1}', "the first lines of the files have no column 'late'"),
        13: (b'{"text": "a", "text": "b"}', "a key is there twice"),
        15: (b'{"text": "\\ud800"}', "column 'text' holds half of a surrogate pair"),
        17: (b'{"text": "a", "more": "1"}', "column 'more' is not of type int64"),
        19: (b"[" * 5000, "the line is not JSON"),
    }
    for number, (line, _) in bad.items():
        lines[number] = line
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\r\n".join([b"\xef\xbb\xbf" + lines[0], b"", *lines[1:]]))
    files = describe_files(find_files(path))
    assert set(files.schema.names) == {"text", "more", "late"}
    narrow = replace(files, schema=pa.schema([("text", pa.string()), ("more", pa.int64())]))
    rows = rows_by_id(read_sequences(spark, narrow, recognise_columns(narrow.schema, "a.jsonl")))
    assert sorted(rows) == list(range(20))
    assert {number for number, row in rows.items() if row["_run_rejection"]} == set(bad)
    for number, (line, reason) in bad.items():
        assert reason in rows[number]["_run_rejection"]["text"]
        assert rows[number]["_run_line"] == line
    assert (rows[4]["text"], rows[4]["_run_other_0"], rows[4]["_run_line"]) == ("line 4", 4, None)


def test_invalid_tokens_reject_only_their_own_json_line(spark: Any, tmp_path: Path) -> None:
    records: list[dict[str, Any]] = [{"sequence_id": i, "tokens": [i, 1]} for i in range(8)]
    records[0]["tokens"] = []
    records[2]["tokens"] = "not a list"
    records[3]["tokens"] = [1, 2.5]
    records[4]["sequence_id"] = None
    records[5]["tokens"] = [True]
    records[6]["tokens"] = [2**70]
    frame = load(spark, write_lines(tmp_path / "a.jsonl", [json.dumps(record).encode() for record in records]))
    reasons = [row["_run_rejection"] and row["_run_rejection"]["text"] for row in frame.collect()]
    wrong = "column 'tokens' is not of type list<item: int64>"
    assert reasons == [None, None, wrong, wrong, "sequence_id is null", wrong, wrong, None]


def test_zstd_frames_are_read_one_after_another(spark: Any, tmp_path: Path) -> None:
    frames = [
        pa.compress(b"".join(b'{"text": "%d"}\n' % row for row in rows), "zstd", asbytes=True)
        for rows in (range(3_000), range(3_000, 3_100))
    ]
    path = tmp_path / "a.jsonl.zst"
    path.write_bytes(b"".join(frames))
    rows = rows_by_id(load(spark, path))
    assert {number: row["text"] for number, row in rows.items()} == {number: str(number) for number in range(3_100)}
    path.write_bytes(b"".join(frames)[:-5])
    with pytest.raises(Exception, match=r"a\.jsonl\.zst is damaged, or cannot be read: Truncated compressed stream"):
        load(spark, path).collect()


def test_files_of_json_lines_may_have_different_columns(spark: Any, tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    write_lines(tmp_path / "d" / "a.jsonl", [b'{"text": "a"}'])
    write_lines(tmp_path / "d" / "b.jsonl", [b'{"text": "b", "nested": {"x": [1, null]}}'])
    rows = rows_by_id(load(spark, tmp_path / "d"))
    assert [rows[i]["text"] for i in (0, 1)] == ["a", "b"]
    assert rows[0]["_run_other_0"] is None
    assert rows[1]["_run_other_0"]["x"] == [1, None]


def test_pattern_characters_in_paths_are_literal(spark: Any, write_parquet: Write) -> None:
    path = write_parquet("odd [1] {a}*? %20/x y.parquet", {"tokens": [[1]]})
    assert load(spark, path).count() == 1


@pytest.mark.parametrize("partitions", [1, 3, 16])
def test_sample_depends_only_on_ids_and_seed(spark: Any, write_parquet: Write, partitions: int) -> None:
    ids = np.random.default_rng(0).permutation(10_000)
    path = write_parquet("a.parquet", {"sequence_id": ids, "tokens": [[int(i)] for i in ids]})
    frame = load(spark, path)
    expected = {row[0] for row in draw_sample(frame, 100, 7).select("sequence_id").collect()}
    drawn = draw_sample(frame.repartition(partitions, "tokens"), 100, 7)
    assert {row[0] for row in drawn.select("sequence_id").collect()} == expected
    assert len(expected) == 100
    assert {row[0] for row in draw_sample(frame, 100, 8).select("sequence_id").collect()} != expected


def test_sample_is_spread_over_all_rows(spark: Any) -> None:
    frame = spark.range(100_000).withColumnRenamed("id", "sequence_id")
    drawn = np.array([row[0] for row in draw_sample(frame, 10_000, 1).collect()])
    assert len(drawn) == 10_000
    assert abs(drawn.mean() - 50_000) < 1_500  # five standard errors of the mean


def test_all_rows_of_a_repeated_id_are_rejected(spark: Any, write_parquet: Write) -> None:
    path = write_parquet("a.parquet", {"sequence_id": [1, 2, 2, None, None], "tokens": [[1]] * 5})
    rows = reject_repeated_ids(load(spark, path)).collect()
    reasons = sorted((row["sequence_id"] or 0, row["_run_rejection"]["text"]) for row in rows if row["_run_rejection"])
    assert len(rows) == 5
    assert reasons == [(0, "sequence_id is null")] * 2 + [(2, "sequence_id occurs 2 times")] * 2


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        pytest.param(
            {"tokens": [[1]], "mine": ["x"], "more": [1]}, "`more` is int64 in the former, missing in the", id="more"
        ),
        pytest.param({"tokens": [[1]]}, "`mine` is missing in the former, string in the latter", id="one less"),
        pytest.param({"tokens": [[1]], "mine": [1]}, "`mine` is int64 in the former, string in the", id="type"),
    ],
)
def test_files_of_different_columns_are_rejected(write_parquet: Write, other: dict[str, Any], expected: str) -> None:
    write_parquet("d/a.parquet", {"tokens": [[1]], "mine": ["x"]})
    path = write_parquet("d/b.parquet", pa.table(other))
    with pytest.raises(UserError, match=f"b.parquet differs from a.parquet: column {expected}"):
        describe_files(find_files(path.parent))


def test_files_may_differ_in_column_order_and_arrow_encoding(spark: Any, write_parquet: Write) -> None:
    path = write_parquet("d/a.parquet", {"tokens": pa.array([[1]], pa.list_(pa.int32())), "text": ["one"]})
    text = pa.array(["two"], pa.large_string()).dictionary_encode()
    tokens = pa.array([[2]], pa.large_list(pa.field("x", pa.int32(), nullable=False)))
    write_parquet("d/b.parquet", pa.table({"text": text, "tokens": tokens}))
    rows = rows_by_id(load(spark, path.parent))
    assert [(rows[i]["tokens"], rows[i]["text"]) for i in (0, 1)] == [([1], "one"), ([2], "two")]


def test_file_of_several_names_is_read_once(spark: Any, write_parquet: Write) -> None:
    path = write_parquet("d/a.parquet", {"tokens": [[1]]})
    (path.parent / "b.parquet").symlink_to(path)
    assert describe_files(find_files(path.parent)).rows == 1


def test_ids_beyond_64_bits_are_rejected(spark: Any, write_parquet: Write) -> None:
    ids = pa.array([1, 2**63, None], pa.uint64())
    frame = load(spark, write_parquet("a.parquet", pa.table({"sequence_id": ids, "tokens": [[1]] * 3})))
    reasons = [row["_run_rejection"] and row["_run_rejection"]["text"] for row in frame.collect()]
    assert reasons == [None, "sequence_id is above 2^63 - 1", "sequence_id is null"]
