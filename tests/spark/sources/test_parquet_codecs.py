"""The codecs of a Parquet file from its footer, against pyarrow."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from spark.sources.parquet_codecs import CODECS, codecs_of
from spark.sources.parquet_files import describe_parquet
from utils import UserError

TABLE = pa.table({"a": [1, None], "b": [["x"], []], "c": [True, False], "d": [{"e": 1.5}, None]})


def parquet(table: pa.Table, compression: str | dict[str, str], **options: object) -> bytes:
    stream = io.BytesIO()
    pq.write_table(table, stream, compression=compression, **options)
    return stream.getvalue()


@pytest.mark.parametrize(
    "compression",
    [*("none", "snappy", "gzip", "brotli", "lz4", "zstd"), {"a": "brotli", "c": "zstd", "d.e": "gzip"}],
    ids=str,
)
@pytest.mark.parametrize("rows_a_group", [1, 10])
def test_codecs_equal_those_that_pyarrow_tells(compression: str | dict[str, str], rows_a_group: int) -> None:
    content = parquet(TABLE, compression, row_group_size=rows_a_group, write_page_index=True)
    group = pq.ParquetFile(io.BytesIO(content)).metadata.row_group(0)
    told = {group.column(number).compression for number in range(group.num_columns)}
    # pyarrow gives the codec LZ4_RAW the name of LZ4, which it no longer writes.
    assert codecs_of(io.BytesIO(content)) == {"LZ4_RAW" if name == "LZ4" else name for name in told}


def test_many_columns_and_no_row_group() -> None:
    wide = pa.table({f"column {number}": [number] for number in range(300)})
    assert codecs_of(io.BytesIO(parquet(wide, "zstd"))) == {"ZSTD"}
    assert codecs_of(io.BytesIO(parquet(TABLE.slice(0, 0).drop_columns("d"), "zstd"))) <= {"ZSTD"}


def test_a_damaged_footer_is_no_error() -> None:
    content = parquet(TABLE, "snappy")
    length = int.from_bytes(content[-8:-4], "little")
    generator = np.random.default_rng(0)
    for _ in range(2_000):
        damaged = bytearray(content)
        for place in generator.integers(len(content) - 8 - length, len(content) - 8, 3):
            damaged[place] = generator.integers(256)
        assert codecs_of(io.BytesIO(bytes(damaged))) <= set(CODECS)


def test_a_list_that_claims_to_be_endless_ends() -> None:
    footer = bytes([0x29, 0xF1, *[0xFF] * 8, 0x7F])  # field 2: a list of 2^63 truth values
    content = b"PAR1" + footer + len(footer).to_bytes(4, "little") + b"PAR1"
    assert codecs_of(io.BytesIO(content)) == frozenset()


def test_a_codec_that_nothing_reads_is_told_with_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.parquet").write_bytes(parquet(TABLE, "snappy"))
    found: Callable[[object], frozenset[str]] = lambda file: frozenset(("LZO", "SNAPPY"))  # noqa: E731
    monkeypatch.setattr("spark.sources.parquet_files.codecs_of", found)
    with pytest.raises(UserError, match=r"a\.parquet is compressed with LZO, which is not read here.\nWrite it again"):
        describe_parquet(tmp_path / "a.parquet")
