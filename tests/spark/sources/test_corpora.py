"""Resolving a corpus from Parquet, JSON lines or text to its rows, or to an error message."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from tokenizers import Tokenizer

from spark.corpus.parallel_reading import number_lines
from spark.sources import parts
from spark.sources.corpora import resolve_corpus
from spark.sources.resolver import Resolver
from tests.spark.sources.test_token_file import rows_of
from utils import UserError

ROWS = [[3, 1, 2], [5], [2, 2, 2, 2], [70_000, 0]]


@pytest.fixture
def resolver(tmp_path: Path) -> Resolver:
    return Resolver(tmp_path / "cache", {}, lambda message: None)


@pytest.mark.parametrize("token_type", [pa.int32(), pa.int64(), pa.uint32()])
@pytest.mark.parametrize("row_group_size", [1, 3, 100])
def test_parquet_rows_without_ids_are_numbered_across_files(
    write_parquet: Callable[..., Path],
    resolver: Resolver,
    token_type: pa.DataType,
    row_group_size: int,
) -> None:
    for number, rows in enumerate((ROWS[:3], ROWS[3:])):
        column = pa.array(rows, pa.list_(token_type))
        path = write_parquet(f"corpus/{number}.parquet", {"tokens": column}, row_group_size=row_group_size)
    corpus = resolve_corpus(str(path.parent), 2_049, None, resolver, bytes_a_part=1)
    assert rows_of(corpus) == dict(enumerate(ROWS))
    assert corpus.rows == 4
    assert len(corpus.parts) == (4 if row_group_size == 1 else 2)


def test_ids_of_the_rows_are_kept(write_parquet: Callable[..., Path], resolver: Resolver) -> None:
    path = write_parquet("corpus.parquet", {"index": [7, 3, 9, 2**40], "Tokens": ROWS, "other": ["a"] * 4})
    assert rows_of(resolve_corpus(str(path), 2_049, None, resolver)) == dict(zip([7, 3, 9, 2**40], ROWS, strict=True))


@pytest.mark.parametrize("compressed", [False, True])
def test_json_lines_are_numbered_across_files(spark: Any, tmp_path: Path, resolver: Resolver, compressed: bool) -> None:
    for number, rows in enumerate((ROWS[:3], ROWS[3:])):
        content = "".join(json.dumps({"tokens": row}) + "\n" for row in rows).encode()
        name = tmp_path / "corpus" / f"{number}.jsonl{'.gz' if compressed else ''}"
        name.parent.mkdir(exist_ok=True)
        name.write_bytes(gzip.compress(content) if compressed else content)
    corpus = resolve_corpus(str(tmp_path / "corpus"), 2_049, None, resolver, bytes_a_part=30)
    assert corpus.rows is None
    assert rows_of(number_lines(spark, corpus)) == dict(enumerate(ROWS))


def test_settings_stored_with_the_tokenizer_change_no_tokens(
    write_parquet: Callable[..., Path], resolver: Resolver, tokenizer: Any, tmp_path: Path
) -> None:
    texts = ["one two three four five six seven", "seven"]
    stored = Tokenizer.from_str(tokenizer.to_str())
    stored.enable_truncation(2)
    stored.enable_padding()
    stored.save(str(tmp_path / "tokenizer.json"))
    path = write_parquet("corpus.parquet", {"text": texts})
    found = rows_of(resolve_corpus(str(path), 2_049, str(tmp_path / "tokenizer.json"), resolver))
    assert found == {row: tokenizer.encode(text).ids for row, text in enumerate(texts)}


@pytest.mark.parametrize("as_bytes", [False, True])
def test_text_is_encoded(
    write_parquet: Callable[..., Path], resolver: Resolver, tokenizer: Any, tokenizer_file: Path, as_bytes: bool
) -> None:
    texts = ["one two", "seven"]
    path = write_parquet("corpus.parquet", {"text": [text.encode() for text in texts] if as_bytes else texts})
    found = rows_of(resolve_corpus(str(path), 2_049, str(tokenizer_file), resolver))
    assert found == {row: tokenizer.encode(text).ids for row, text in enumerate(texts)}


def test_tokenizer_beside_the_data_is_used(
    write_parquet: Callable[..., Path], resolver: Resolver, tokenizer_file: Path
) -> None:
    path = write_parquet("corpus.parquet", {"text": ["one"]})
    (path.parent / "tokenizer.json").write_bytes(tokenizer_file.read_bytes())
    assert rows_of(resolve_corpus(str(path), 2_049, None, resolver))


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        pytest.param({"text": ["a"]}, "no tokenizer is known to encode it", id="text-alone"),
        pytest.param({"other": [1]}, "expected a column `tokens` or `text`", id="nothing"),
        pytest.param({"tokens": ["a"]}, "expected lists of whole numbers", id="no-lists"),
    ],
)
def test_columns_that_cannot_be_counted_are_rejected_before_spark(
    write_parquet: Callable[..., Path], resolver: Resolver, columns: dict[str, Any], message: str
) -> None:
    path = write_parquet("rows/corpus.parquet", columns)
    with pytest.raises(UserError, match=message):
        resolve_corpus(str(path), 2_049, None, resolver)


@pytest.mark.parametrize("source", ["nowhere.parquet", "/nowhere/at/all"])
def test_missing_path_is_rejected(resolver: Resolver, source: str) -> None:
    with pytest.raises(UserError, match=r"no such file or directory.\nExpected a data file, a directory or a pattern"):
        resolve_corpus(source, 2_049, None, resolver)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        pytest.param({"tokens": [[1], None]}, "sequence_id 1: tokens is null", id="null"),
        pytest.param({"tokens": [[1], [2, -5]]}, "sequence_id 1: token id -5 is negative", id="negative"),
        pytest.param({"tokens": [[1], [2**33]]}, "sequence_id 1: token id 8589934592", id="too-large"),
        pytest.param(
            {"sequence_id": [4, None], "tokens": [[1], [2]]},
            "expected a sequence_id in every row, found null",
            id="no-id",
        ),
    ],
)
def test_invalid_row_stops_the_counting(
    write_parquet: Callable[..., Path], resolver: Resolver, columns: dict[str, Any], message: str
) -> None:
    corpus = resolve_corpus(str(write_parquet("corpus.parquet", columns)), 2_049, None, resolver)
    with pytest.raises(UserError, match=message):
        rows_of(corpus)


def test_damaged_line_stops_the_counting(tmp_path: Path, resolver: Resolver) -> None:
    (tmp_path / "corpus.jsonl").write_text('{"tokens": [1]}\n{"tokens": [1\n')
    corpus = resolve_corpus(str(tmp_path / "corpus.jsonl"), 2_049, None, resolver)
    with pytest.raises(UserError, match="line 2: the line is not JSON"):
        rows_of(corpus)


def test_empty_rows_are_kept(write_parquet: Callable[..., Path], resolver: Resolver, tokenizer_file: Path) -> None:
    path = write_parquet("rows/corpus.parquet", {"tokens": [[1], [], [2]]})
    assert rows_of(resolve_corpus(str(path), 2_049, None, resolver)) == {0: [1], 1: [], 2: [2]}
    path = write_parquet("text/corpus.parquet", {"text": ["", "one", ""]})
    rows = rows_of(resolve_corpus(str(path), 2_049, str(tokenizer_file), resolver))
    assert [bool(row) for row in rows.values()] == [False, True, False]


@pytest.mark.parametrize(
    ("second", "message"),
    [
        pytest.param({"tokens": [2], "about": ["a", 1], "new": {}}, None, id="other-columns-of-any-type"),
        pytest.param({"tokens": "2"}, "column 'tokens' is not of type list", id="tokens-of-another-type"),
        pytest.param({"about": 1}, "sequence_id 1: tokens is null", id="without-tokens"),
    ],
)
def test_only_the_counted_column_of_a_line_must_have_the_right_type(
    tmp_path: Path, resolver: Resolver, second: dict[str, Any], message: str | None
) -> None:
    lines = [{"tokens": [1], "about": "a"}, second]
    (tmp_path / "corpus.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    corpus = resolve_corpus(str(tmp_path / "corpus.jsonl"), 2_049, None, resolver)
    if message is None:
        assert rows_of(corpus) == {0: [1], 1: [2]}
    else:
        with pytest.raises(UserError, match=message):
            rows_of(corpus)


def test_error_names_half_of_a_surrogate_pair(tmp_path: Path, resolver: Resolver, tokenizer_file: Path) -> None:
    (tmp_path / "corpus.jsonl").write_text('{"text": "one"}\n{"text": "\\ud800"}\n')
    corpus = resolve_corpus(str(tmp_path / "corpus.jsonl"), 2_049, str(tokenizer_file), resolver)
    with pytest.raises(UserError, match="line 2: column 'text' holds half of a surrogate pair"):
        rows_of(corpus)


def test_split_is_selected_after_a_hash_sign(resolver: Resolver) -> None:
    from sample.paths import memories_directory

    corpus = resolve_corpus(f"{memories_directory()}#deduped.70m", 2_049, None, resolver)
    assert corpus.has_ids
    assert corpus.rows == len(rows_of(corpus)) > 0


def test_large_files_have_several_parts_per_core() -> None:
    assert parts.part_bytes(10 << 30, cores=8) == parts.LARGEST_PART
    assert parts.part_bytes(1 << 30, cores=8) == (1 << 30) // 32
    assert parts.part_bytes(1, cores=8) == parts.SMALLEST_PART
