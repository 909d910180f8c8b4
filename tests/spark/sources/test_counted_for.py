"""What a feature table was counted for, in the metadata of its files."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from spark.sources.counted_for import RECORD_KEY, CountedFor, read_record
from spark.sources.formats.parquet import open_parquet

RECORD = CountedFor("duplicates", "my corpus/é.bin", 7, "00ff", {"continuation_tokens": 16, "sequences": None}, "0.1")
Write = Callable[..., Path]


def table(record: CountedFor | None) -> pa.Table:
    return pa.table({"index": [1], "counts": [2]}).replace_schema_metadata(record and record.as_metadata())


def test_a_record_is_read_back(write_parquet: Write) -> None:
    path = write_parquet("a.parquet", table(RECORD))
    assert read_record(pq.read_schema(path).metadata) == RECORD
    assert json.loads(pq.read_schema(path).metadata[RECORD_KEY]) == RECORD.as_json()


def test_a_source_has_each_different_record_of_its_files(write_parquet: Write) -> None:
    other = replace(RECORD, corpus_rows=None)
    records = (RECORD, None, other, RECORD)
    paths = tuple(write_parquet(f"{number}.parquet", table(record)) for number, record in enumerate(records))
    assert open_parquet(paths).counted_for == (RECORD, other)
    assert open_parquet(paths[1:2]).counted_for == ()


@pytest.mark.parametrize(
    "metadata",
    [
        pytest.param(None, id="none"),
        pytest.param({b"pandas": b"{}"}, id="of another program"),
        pytest.param({RECORD_KEY: b"{"}, id="no JSON"),
        pytest.param({RECORD_KEY: b"\xff"}, id="no text"),
        pytest.param({RECORD_KEY: b"[1]"}, id="no object"),
        pytest.param({RECORD_KEY: b'{"feature": "duplicates"}'}, id="too few fields"),
        pytest.param({RECORD_KEY: json.dumps(RECORD.as_json() | {"more": 1}).encode()}, id="fields of a later version"),
    ],
)
def test_metadata_without_a_readable_record_has_none(metadata: dict[bytes, bytes] | None) -> None:
    assert read_record(metadata) is None
