"""Damaged files end in a table or in one clear message; `python -m chaos.damaged_files` tests thousands of them.

Readers that need no Spark are tested with inputs from hypothesis.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chaos.damage import damage, damage_parquet, varint
from chaos.damaged_contents import HOSTILE_TEXTS, make_file
from chaos.damaged_trial import try_file
from chaos.independent_reading import read_json_lines, read_parquet
from spark.session.failures import failure_message
from spark.sources import line_blocks
from spark.sources.input_columns import recognise_columns
from spark.sources.internal_columns import LINE, LINE_REASON
from spark.sources.json_lines import parse_lines, record_of
from spark.sources.json_types import column_types
from spark.sources.line_blocks import Block, blocks_of, first_lines, lines_of
from spark.sources.local_files import describe_files, find_files
from tests.spark.metrics.test_job import metrics_job, read
from utils import UserError

Write = Callable[..., Path]
some = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
many = settings(some, max_examples=500)

texts = st.one_of(st.sampled_from(HOSTILE_TEXTS), st.text(st.characters(exclude_categories=())))
numbers = st.one_of(st.integers(-(2**70), 2**70), st.floats())
values = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, texts),
    lambda children: st.one_of(st.lists(children, max_size=3), st.dictionaries(texts, children, max_size=3)),
    max_leaves=6,
)
names = st.one_of(st.sampled_from(["tokens", "text", "sequence_id", "mine"]), texts)
records = st.dictionaries(names, values, max_size=4)
# Whole records, other JSON, and text that is not JSON.
lines = st.one_of(
    records.map(json.dumps),
    values.map(json.dumps),
    st.text(alphabet='{}[]":,0eE+-.\\u "\u2028\x00', max_size=20),
).map(lambda text: text.replace("\n", " ").encode("utf-8", "surrogatepass"))
any_line = st.one_of(lines, st.binary(max_size=20).map(lambda line: line.replace(b"\n", b"")))


@many
@given(st.lists(any_line, max_size=8), st.integers(0, 8))
def test_every_line_is_read_unchanged_or_rejected_with_a_reason(content: list[bytes], tried: int) -> None:
    first = [record for line in content[:tried] if isinstance(record := record_of(line), dict)]
    types = column_types(first, {"tokens": pa.list_(pa.int64()), "text": pa.string()})
    columns = parse_lines(content, types)
    assert all(len(column) == len(content) for column in columns.values())
    pa.table(columns).validate(full=True)
    for row, line in zip(pa.table(columns).to_pylist(), content, strict=True):
        if row[LINE_REASON] is None:
            record = json.loads(line.removeprefix(b"\xef\xbb\xbf"))
            assert set(record) <= set(types)
            assert all(_same(row[name], record.get(name)) for name in types)
        else:
            assert row[LINE] == line
            assert all(row[name] is None for name in types)


def _same(found: Any, given: Any) -> bool:
    """Return whether a value is unchanged; a JSON object may lack members that the column has."""
    if isinstance(given, dict):
        return all(_same(value, given.get(name)) for name, value in dict(found).items())
    if isinstance(given, list):
        return len(found) == len(given) and all(map(_same, found, given))
    return found == given or (found != found and given != given)


@many
@given(
    st.lists(st.one_of(st.binary(max_size=40), st.sampled_from([b"", b"\r", b"x" * 200, b" "])), max_size=12),
    st.integers(1, 60),
    st.booleans(),
)
def test_blocks_of_any_size_give_every_line_once(
    tmp_path: Path, content: list[bytes], block_bytes: int, compressed: bool
) -> None:
    path = tmp_path / ("a.jsonl.gz" if compressed else "a.jsonl")
    whole = b"\n".join(content)
    path.write_bytes(gzip.compress(whole) if compressed else whole)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(line_blocks, "BLOCK_BYTES", block_bytes)
        patch.setattr(line_blocks, "LONGEST_LINE", 100)
        patch.setattr(line_blocks, "SKIPPED_AT_ONCE", 7)
        found = [line for block in blocks_of((path,)) for line in lines_of(block)]
        assert first_lines(path, 3).lines == found[:3] or len(first_lines(path, 3).lines) < 3
    expected = [line[:101].removesuffix(b"\r") if len(line) <= 100 else line[:101] for line in whole.split(b"\n")]
    assert found == [line for line in expected if line.strip()]


@some
@given(st.randoms(use_true_random=False))
def test_a_damaged_compressed_file_is_named_or_gives_all_its_lines(tmp_path: Path, chosen: Random) -> None:
    whole = b"".join(b'{"text": "%d"}\n' % number for number in range(100))
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(damage(chosen, gzip.compress(whole)))
    try:
        expected = gzip.decompress(path.read_bytes())
    except (OSError, EOFError, zlib.error):
        with pytest.raises(UserError, match=r"a\.jsonl\.gz is damaged"):
            list(lines_of(blocks_of((path,))[0]))
    else:
        found = list(lines_of(blocks_of((path,))[0]))
        assert found == [line.removesuffix(b"\r") for line in expected.split(b"\n") if line.strip()]


@some
@given(st.integers(0, 2**32))
def test_a_damaged_footer_is_read_or_the_error_names_the_file(tmp_path: Path, seed: int) -> None:
    chosen = Random(seed)
    path = tmp_path / "data.parquet"
    table = pa.table({"tokens": [[1, 2]] * 150, "text": ["one"] * 150, "nested": [{"x": 1}] * 150})
    pq.write_table(table, path, store_schema=chosen.random() < 0.5)
    path.write_bytes(damage_parquet(chosen, path.read_bytes(), 150))
    try:
        files = describe_files((path,))
        recognise_columns(files.schema, str(path))
    except UserError as error:
        message = str(error).split("\n")
        assert str(path) in message[0]
        assert len(message) <= 2
        assert all(map(str.isprintable, message))


def test_random_files_are_measured_or_end_in_a_message(spark: Any, tmp_path: Path) -> None:
    wrong = {}
    for seed in range(1_000, 1_016):
        made = make_file(seed)
        path = tmp_path / str(seed) / made.name
        path.parent.mkdir()
        path.write_bytes(made.content)
        ending = try_file(spark, path, read_parquet(path) if path.suffix == ".parquet" else read_json_lines(path))
        if ending.wrong:
            wrong[seed] = ending
    assert not wrong


def test_a_line_too_long_for_memory_is_rejected_and_the_others_are_measured(
    spark: Any, tmp_path: Path, tokenizer_file: Path
) -> None:
    path = tmp_path / "data.jsonl.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(b'{"text": "one"}\n{"text": "')
        for _ in range(300):
            file.write(b"a" * (1 << 20))
        file.write(b'"}\n{"text": "two"}\n')
    assert path.stat().st_size < 2 << 20
    metrics_job(path, tmp_path, tokenizer=str(tokenizer_file)).run(spark)
    assert [(row["sequence_id"], row["text"]) for row in read(tmp_path / "metrics")] == [(0, "one"), (2, "two")]
    (row,) = read(tmp_path / "rejected")
    assert row["reason"].startswith("the line is longer than 16777216 bytes")
    assert len(row["line"]) == 1_000


def test_a_page_with_a_wrong_checksum_fails_the_job_and_names_the_file(
    spark: Any, write_parquet: Write, tmp_path: Path
) -> None:
    generator = np.random.default_rng(1)
    tokens = [generator.integers(0, 200, 50).tolist() for _ in range(100)]
    for checksum in (False, True):
        path = write_parquet(
            f"{checksum}.parquet",
            {"tokens": tokens},
            compression="none",
            write_page_checksum=checksum,
            use_dictionary=False,
        )
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(bytes(content))
        run = metrics_job(path, tmp_path / str(checksum))
        if not checksum:  # the damage cannot be noticed
            run.run(spark)
            continue
        with pytest.raises(Exception, match="FAILED_READ_FILE") as raised:
            run.run(spark)
        assert failure_message(raised.value, "data").startswith(f"{path} is damaged, or cannot be read: ")


@pytest.mark.parametrize("rows", [2**31, 2**40, 2**62])
def test_an_absurd_number_of_rows_in_a_footer_fails_and_names_the_file(
    spark: Any, tmp_path: Path, write_parquet: Write, rows: int
) -> None:
    path = write_parquet("data.parquet", {"tokens": [[1, 2]] * 150})
    content = path.read_bytes()
    footer = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    changed = content[footer:-8].replace(varint(150), varint(rows))
    path.write_bytes(content[:footer] + changed + len(changed).to_bytes(4, "little") + b"PAR1")
    assert pq.ParquetFile(path).metadata.num_rows == rows
    with pytest.raises(Exception) as raised:
        metrics_job(path, tmp_path).run(spark)
    assert str(path) in failure_message(raised.value, str(path))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"gone\.jsonl is damaged, or cannot be read: .*No such file"):
        list(lines_of(Block(tmp_path / "gone.jsonl", 0, 10)))


def test_carriage_returns_and_unicode_line_ends_do_not_end_a_line(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"text":\r"one"}\r\n\r\n\xe2\x80\xa8{"text": "a\xe2\x80\xa8b"}\n')
    assert describe_files(find_files(path)).schema.names == ["text"]
    assert list(lines_of(Block(path, 0, 1 << 20))) == [b'{"text":\r"one"}', b'\xe2\x80\xa8{"text": "a\xe2\x80\xa8b"}']
