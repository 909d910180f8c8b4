"""Files of token ids: rows equal the bytes for any parts, and invalid files are rejected."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from spark.sources.corpus_parts import Corpus, CorpusPart
from spark.sources.formats.token_ids import TokenIdsSource
from spark.sources.input_columns import recognise_columns
from spark.sources.local_files import describe_files, find_files, holds_corpus
from spark.sources.parts import rows_before
from spark.sources.registry import ReadOptions
from spark.sources.token_reader import TokenReader
from utils import UserError

Write = Callable[..., Path]


def rows_of(corpus: Corpus) -> dict[int, list[int]]:
    rows = {}
    for part in corpus.parts:
        for batch in part.batches():
            for number, sequence_id in enumerate(batch.sequence_ids.tolist()):
                start, stop = batch.tokens.offsets[number : number + 2]
                rows[sequence_id] = batch.tokens.values[start:stop].tolist()
    return rows


def open_token_ids(path: Path, row_tokens: int = 2_049) -> TokenIdsSource:
    source = describe_files(find_files(path, as_corpus=True), ReadOptions(row_tokens=row_tokens))
    assert isinstance(source, TokenIdsSource)
    return source


def corpus_of(source: TokenIdsSource, bytes_a_part: int, rows_a_batch: int | None = None) -> Corpus:
    reader = TokenReader(recognise_columns(source.schema, "tokens"), None)
    parts = source.parts(bytes_a_part)
    if rows_a_batch is not None:
        parts = tuple(replace(part, rows_a_batch=rows_a_batch) for part in parts)
    first_rows = rows_before(parts) or []
    return Corpus("tokens", source, tuple(map(CorpusPart, parts, [reader] * len(parts), first_rows)))


def index_of(lengths: list[int], type_code: int = 8, item: int = 2, version: int = 1) -> bytes:
    """Return the bytes of an index in the documented format of NVIDIA's Megatron-LM."""
    begins = np.cumsum([0, *lengths])[:-1] * item
    header = b"MMIDIDX\x00\x00" + struct.pack("<QBQQ", version, type_code, len(lengths), len(lengths) + 1)
    documents = np.arange(len(lengths) + 1)
    return (
        header + np.array(lengths, "<i4").tobytes() + begins.astype("<i8").tobytes() + documents.astype("<i8").tobytes()
    )


@pytest.fixture
def tokens() -> NDArray[np.uint16]:
    return np.random.default_rng(0).integers(0, 2**16, 30 * 7).astype("<u2")


@pytest.mark.parametrize("bytes_a_part", [1, 14, 50, 10**9])
@pytest.mark.parametrize("rows_a_batch", [1, 4, 100])
def test_rows_equal_the_bytes_for_any_parts(
    tmp_path: Path, tokens: NDArray[np.uint16], bytes_a_part: int, rows_a_batch: int
) -> None:
    (tmp_path / "document.bin").write_bytes(tokens.tobytes())
    corpus = corpus_of(open_token_ids(tmp_path, row_tokens=7), bytes_a_part, rows_a_batch)
    assert rows_of(corpus) == dict(enumerate(tokens.reshape(-1, 7).tolist()))
    assert corpus.rows == 30


@pytest.mark.parametrize("last", [2, 3], ids=["of-the-number", "of-the-last"])
def test_shards_may_end_inside_a_row(tmp_path: Path, tokens: NDArray[np.uint16], last: int) -> None:
    content = tokens.tobytes()
    cuts = [0, 101, 102, len(content)]
    for number, (start, stop) in enumerate(pairwise(cuts)):
        (tmp_path / f"document-{number:05}-of-{last:05}.bin").write_bytes(content[start:stop])
    corpus = corpus_of(open_token_ids(tmp_path, row_tokens=7), 40)
    assert rows_of(corpus) == dict(enumerate(tokens.reshape(-1, 7).tolist()))


@pytest.mark.parametrize(("type_code", "token_type"), [(8, "<u2"), (1, "u1"), (4, "<i4"), (5, "<i8"), (3, "<i2")])
@pytest.mark.parametrize("bytes_a_part", [1, 60, 10**9])
def test_index_gives_the_starts_of_the_rows(tmp_path: Path, type_code: int, token_type: str, bytes_a_part: int) -> None:
    lengths = [3, 0, 5, 1, 12, 2]
    values = (np.arange(sum(lengths)) * 5).astype(token_type)
    (tmp_path / "document.bin").write_bytes(values.tobytes())
    (tmp_path / "document.idx").write_bytes(index_of(lengths, type_code, values.itemsize))
    corpus = corpus_of(open_token_ids(tmp_path / "document.bin", row_tokens=2_049), bytes_a_part)
    expected = [part.tolist() for part in np.split(values.astype(np.int64), np.cumsum(lengths)[:-1])]
    assert rows_of(corpus) == dict(enumerate(expected))


def test_default_row_has_2049_tokens(tmp_path: Path) -> None:
    (tmp_path / "document.bin").write_bytes(bytes(2 * 2_049 * 3))
    assert open_token_ids(tmp_path, row_tokens=2_049).rows == 3


def test_batches_are_smaller_than_the_file(tmp_path: Path) -> None:
    with (tmp_path / "document.bin").open("wb") as file:
        file.truncate(2 * 2_049 * 10_000)  # sparse: it takes no disk space
    corpus = corpus_of(open_token_ids(tmp_path, row_tokens=2_049), 10**9)
    sizes = [len(batch.tokens.values) for part in corpus.parts for batch in part.batches()]
    assert sum(sizes) == 2_049 * 10_000
    assert max(sizes) <= 1 << 22


@pytest.mark.parametrize(
    ("files", "message"),
    [
        pytest.param({"document.bin": b"12345"}, "rows of 7 tokens, 14 bytes each, found 5 bytes", id="length"),
        pytest.param({"document.bin": b""}, "found 0 bytes", id="empty"),
        pytest.param({"a.bin": b"1", "b.bin": b"2"}, "expected one .bin file, or all of its shards", id="two-corpora"),
        pytest.param(
            {"d-00000-of-00003.bin": bytes(14), "d-00002-of-00003.bin": bytes(14)},
            "all of its shards",
            id="missing-shard",
        ),
        pytest.param({"document.bin": bytes(8), "document.idx": b"MMAP"}, "begins with MMIDIDX", id="other-index"),
        pytest.param(
            {"document.bin": bytes(8), "document.idx": index_of([4], version=2)}, "found version 2", id="version"
        ),
        pytest.param({"document.bin": bytes(8), "document.idx": index_of([2], 6, 4)}, "and type 6", id="floats"),
        pytest.param(
            {"document.bin": bytes(8), "document.idx": index_of([4])[:-3]},
            "expected 62 bytes for 1 rows",
            id="cut",
        ),
        pytest.param(
            {"document.bin": bytes(10), "document.idx": index_of([4])},
            "expected 8 bytes of tokens, found 10",
            id="rest",
        ),
    ],
)
def test_invalid_token_files_are_rejected(tmp_path: Path, files: dict[str, bytes], message: str) -> None:
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=message):
        open_token_ids(tmp_path, row_tokens=7)


def test_overlapping_rows_are_rejected(tmp_path: Path) -> None:
    index = bytearray(index_of([2, 2, 2]))
    index[34 + 12 + 8 : 34 + 12 + 16] = struct.pack("<q", 2)  # the second row begins within the first
    (tmp_path / "document.bin").write_bytes(bytes(12))
    (tmp_path / "document.idx").write_bytes(index)
    corpus = corpus_of(open_token_ids(tmp_path, row_tokens=7), 10**9)
    with pytest.raises(UserError, match="expected rows that lie end to end"):
        rows_of(corpus)


def test_negative_token_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "document.bin").write_bytes(np.array([1, 2, 3, -4], "<i4").tobytes())
    (tmp_path / "document.idx").write_bytes(index_of([2, 2], 4, 4))
    corpus = corpus_of(open_token_ids(tmp_path, row_tokens=7), 10**9)
    with pytest.raises(UserError, match="row 1 holds -4, which is no token id"):
        rows_of(corpus)


def test_other_data_is_not_taken_for_a_token_file(tmp_path: Path) -> None:
    (tmp_path / "rows.parquet").write_bytes(b"")
    assert not holds_corpus(tmp_path)
    assert not holds_corpus(tmp_path / "rows.parquet")
    assert not holds_corpus(tmp_path / "nothing")
