"""A copy of a corpus has the same format, order and columns, without the rows to leave out."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from spark.corpus.deduplication.copying import copy_without
from spark.corpus.frames import row_places
from spark.corpus.parallel_reading import number_lines
from spark.sources.compression import created, opened
from spark.sources.corpora import resolve_corpus
from spark.sources.corpus_parts import Corpus
from spark.sources.resolver import Resolver
from tests.spark.sources.test_token_file import index_of, rows_of

ROWS = [np.random.default_rng(row).integers(0, 500, 3 + row % 4).tolist() for row in range(60)]
REMOVED_IDS = {0, 1, 7, *range(20, 31), 44, 59}


@pytest.fixture
def resolver(tmp_path: Path) -> Resolver:
    return Resolver(tmp_path / "cache", {}, lambda message: None)


def copied(spark: Any, corpus: Corpus, removed_ids: set[int], directory: Path) -> int:
    """Copy the corpus without the rows of these ids; return the number of remaining rows."""
    rows_done = spark.sparkContext.accumulator(0)
    ids = spark.createDataFrame([(each,) for each in removed_ids], "sequence_id long")
    removed = row_places(spark, corpus).join(ids, "sequence_id", "left_semi")
    rows = copy_without(spark, corpus, removed, directory, rows_done)
    assert rows_done.value == len(rows_of(corpus))
    return rows


def kept(rows: list[Any], removed_ids: set[int] = REMOVED_IDS) -> list[Any]:
    return [row for number, row in enumerate(rows) if number not in removed_ids]


@pytest.mark.parametrize("removed_ids", [REMOVED_IDS, set(), set(range(1, 60))], ids=["some", "none", "all-but-one"])
@pytest.mark.parametrize("row_group_size", [4, 100])
def test_parquet_keeps_every_column(
    spark: Any,
    write_parquet: Callable[..., Path],
    resolver: Resolver,
    tmp_path: Path,
    removed_ids: set[int],
    row_group_size: int,
) -> None:
    columns = {
        "tokens": pa.array(ROWS, pa.list_(pa.uint16())),
        "nested": [{"of": [str(row)] * (row % 3), "none": None} for row in range(60)],
        "word": pa.array([None if row % 5 == 0 else f"w{row % 2}" for row in range(60)]).dictionary_encode(),
    }
    table = pa.table(columns).replace_schema_metadata({"licence": "none"})
    for number, rows in enumerate((table[:41], table[41:])):
        path = write_parquet(f"corpus/{number}.parquet", rows, row_group_size=row_group_size)
    corpus = resolve_corpus(str(path.parent), 2_049, None, resolver, bytes_a_part=1)
    assert copied(spark, corpus, removed_ids, tmp_path / "copy") == 60 - len(removed_ids)
    files = sorted((tmp_path / "copy").iterdir())
    assert [file.name for file in files] == [f"part-{number:05d}.parquet" for number in range(len(files))]
    copy = pa.concat_tables(pq.ParquetFile(file).read() for file in files)
    assert copy.equals(table.filter(pa.array([row not in removed_ids for row in range(60)])))
    assert copy.schema.equals(pq.read_schema(path), check_metadata=True)


@pytest.mark.parametrize("compression", ["", ".gz", ".zst"])
def test_json_lines_are_copied_unchanged(spark: Any, resolver: Resolver, tmp_path: Path, compression: str) -> None:
    lines = [json.dumps({"tokens": row, "é": number}, ensure_ascii=number % 2 == 0) for number, row in enumerate(ROWS)]
    content = ("\r\n".join(lines[:30]) + "\n\n \n" + "\n".join(lines[30:])).encode()
    (tmp_path / "corpus").mkdir()
    path = tmp_path / "corpus" / f"only.jsonl{compression}"
    with created(path) as file:
        file.write(content)
    corpus = number_lines(spark, resolve_corpus(str(path.parent), 2_049, None, resolver, bytes_a_part=300))
    assert len(corpus.parts) == 1 if compression else len(corpus.parts) > 5
    assert copied(spark, corpus, REMOVED_IDS, tmp_path / "copy") == 60 - len(REMOVED_IDS)
    files = sorted((tmp_path / "copy").iterdir())
    assert {file.suffix for file in files} == {path.suffix}
    found = b""
    for file in files:
        with opened(file) as (content_of_file, _):
            found += content_of_file.read()
    assert found.decode().splitlines() == kept(lines)


@pytest.mark.parametrize(("token_type", "code"), [("<u2", 8), ("<i4", 4)])
@pytest.mark.parametrize("shards", [1, 3])
def test_a_token_file_gets_a_new_index(
    spark: Any, resolver: Resolver, tmp_path: Path, token_type: str, code: int, shards: int
) -> None:
    content = np.concatenate(ROWS).astype(token_type).tobytes()
    (tmp_path / "corpus").mkdir()
    for shard in range(shards):
        name = "document.bin" if shards == 1 else f"document-{shard:05d}-of-{shards - 1:05d}.bin"
        cuts = [len(content) * number // shards for number in (shard, shard + 1)]
        (tmp_path / "corpus" / name).write_bytes(content[cuts[0] : cuts[1]])
    lengths = [len(row) for row in ROWS]
    item = np.dtype(token_type).itemsize
    (tmp_path / "corpus" / "document.idx").write_bytes(index_of(lengths, code, item))
    corpus = resolve_corpus(str(tmp_path / "corpus"), 2_049, None, resolver, bytes_a_part=1)
    assert len(corpus.parts) > 3
    assert copied(spark, corpus, REMOVED_IDS, tmp_path / "copy") == 60 - len(REMOVED_IDS)
    left = kept(ROWS)
    assert rows_of(resolve_corpus(str(tmp_path / "copy"), 2_049, None, resolver)) == dict(enumerate(left))
    index = (tmp_path / "copy" / "document.idx").read_bytes()
    assert index == index_of([len(row) for row in left], code, item)
    names = {file.name for file in (tmp_path / "copy").iterdir()}
    assert names == {"document.idx", *(f"document-{n:05d}-of-{len(names) - 2:05d}.bin" for n in range(len(names) - 1))}


def test_one_part_of_fixed_length_rows_becomes_one_file_without_index(spark: Any, tmp_path: Path) -> None:
    resolver = Resolver(tmp_path / "cache", {}, lambda message: None)
    rows = np.arange(60 * 7).reshape(60, 7).astype("<u2")
    (tmp_path / "document.bin").write_bytes(rows.tobytes())
    corpus = resolve_corpus(str(tmp_path / "document.bin"), 7, None, resolver)
    copied(spark, corpus, REMOVED_IDS, tmp_path / "copy")
    assert [file.name for file in (tmp_path / "copy").iterdir()] == ["document.bin"]
    assert (tmp_path / "copy" / "document.bin").read_bytes() == np.array(kept(rows.tolist()), "<u2").tobytes()
