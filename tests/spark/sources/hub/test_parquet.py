"""Other formats are converted to Parquet; damaged Parquet files are rejected."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from spark.sources.hub.datasets import HubDataset, fetch_split
from spark.sources.hub.errors import DamagedFileError, HubError
from spark.sources.hub.parquet import check_parquet, convert_to_parquet
from tests.spark.sources.hub.server import HubServer

LINES = b'{"index": 1, "tokens": [1, 2], "text": "a\\u00e9"}\n{"index": 2, "tokens": [], "text": "b"}\n'
ROWS = [{"index": 1, "tokens": [1, 2], "text": "aé"}, {"index": 2, "tokens": [], "text": "b"}]
FLAT = [{"TokenID": 5, "Frequency": 700}, {"TokenID": 6, "Frequency": 8}]


def arrow(open_writer: Callable[[io.BytesIO, pa.Schema], pa.ipc.RecordBatchStreamWriter]) -> bytes:
    table = pa.Table.from_pylist(ROWS)
    stream = io.BytesIO()
    with open_writer(stream, table.schema) as writer:
        writer.write_table(table, max_chunksize=1)
    return stream.getvalue()


FORMATS = {
    "rows.jsonl": (LINES, ROWS),
    "rows.json": (LINES, ROWS),
    "rows.JSONL.gz": (gzip.compress(LINES), ROWS),
    "rows.jsonl.zst": (pa.compress(LINES, "zstd", asbytes=True), ROWS),
    "rows.csv": (b"TokenID,Frequency\n5,700\n6,8\n", FLAT),
    "rows.tsv": (b"TokenID\tFrequency\n5\t700\n6\t8\n", FLAT),
    "rows.stream.arrow": (arrow(pa.ipc.new_stream), ROWS),
    "rows.file.arrow": (arrow(pa.ipc.new_file), ROWS),
}


@pytest.mark.parametrize(("name", "content", "rows"), [(n, *v) for n, v in FORMATS.items()], ids=FORMATS.keys())
def test_other_formats_are_converted_to_parquet(tmp_path: Path, name: str, content: bytes, rows: object) -> None:
    (tmp_path / name).write_bytes(content)
    converted = convert_to_parquet(tmp_path / name, tmp_path / "converted.parquet")
    check_parquet(converted)
    assert pq.read_table(converted).to_pylist() == rows


def test_text_of_several_blocks_is_converted(tmp_path: Path) -> None:
    numbers = list(range(20_000))
    (tmp_path / "rows.jsonl").write_text("".join(f'{{"n": {n}, "tokens": [{n}, 1]}}\n' for n in numbers))
    converted = convert_to_parquet(tmp_path / "rows.jsonl", tmp_path / "converted.parquet", block_bytes=4096)
    table = pq.read_table(converted)
    assert table["n"].to_pylist() == numbers
    assert table["tokens"].to_pylist() == [[n, 1] for n in numbers]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("rows.jsonl", b"not JSON\n"),
        ("rows.json", b'[{"a": 1}]'),
        ("rows.jsonl", LINES[:-8]),
        ("rows.jsonl.gz", gzip.compress(LINES, mtime=0)[:-20]),
        ("rows.csv", b"a,b\n1\n"),
        ("rows.csv", b""),
        ("rows.csv", b'a\n"1\n2\n'),
        ("rows.tsv", b'a\tb\n1\t"2\n3\t4\n'),
        ("rows.arrow", b"not Arrow"),
    ],
)
def test_unreadable_file_is_a_two_line_error(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(HubError, match=rf"^{name} cannot be converted to Parquet: .*\n.*$"):
        convert_to_parquet(tmp_path / name, tmp_path / "converted.parquet")


def test_an_open_quotation_is_the_reason(tmp_path: Path) -> None:
    (tmp_path / "rows.csv.gz").write_bytes(gzip.compress(b'a,b\n1,"2\n3,4\n'))
    with pytest.raises(HubError, match="a quotation mark is not closed: the line holds the rest of the file"):
        convert_to_parquet(tmp_path / "rows.csv.gz", tmp_path / "converted.parquet")
    (tmp_path / "rows.csv").write_bytes(b'a,b\n1,"2"\n"3\n",4')
    converted = convert_to_parquet(tmp_path / "rows.csv", tmp_path / "converted.parquet", block_bytes=30)
    assert pq.read_table(converted).to_pylist() == [{"a": "1", "b": 2}, {"a": "3\n", "b": 4}]


@pytest.mark.parametrize("cut", [0, 1, 4, 100])
def test_truncated_parquet_file_is_damaged(tmp_path: Path, cut: int) -> None:
    pq.write_table(pa.Table.from_pylist(ROWS), tmp_path / "whole.parquet")
    content = (tmp_path / "whole.parquet").read_bytes()
    (tmp_path / "cut.parquet").write_bytes(content[: len(content) - cut])
    if cut == 0:
        check_parquet(tmp_path / "cut.parquet")
        return
    with pytest.raises(DamagedFileError, match="not a whole Parquet file"):
        check_parquet(tmp_path / "cut.parquet")
    with pytest.raises(HubError, match=r"Cannot read .*cut.parquet: not a whole Parquet file"):
        (tmp_path / "whole.parquet").unlink()
        fetch_split(tmp_path, "train", tmp_path / "cache")


@pytest.mark.network
def test_json_lines_from_the_hub_are_cached_as_parquet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    with HubServer() as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        hub.publish_files("someone/rows", {"train-0.jsonl": LINES, "train-1.jsonl": LINES * 2, "test.jsonl": LINES * 3})
        fetched = fetch_split(HubDataset("someone/rows"), "train", tmp_path)
        again = fetch_split(HubDataset("someone/rows"), "train", tmp_path)
        assert hub.bytes_sent == {"train-0.jsonl": len(LINES), "train-1.jsonl": 2 * len(LINES)}
    assert all(path.is_relative_to(tmp_path) and path.suffix == ".parquet" for path in fetched.paths)
    assert [pq.read_table(path).to_pylist() for path in fetched.paths] == [ROWS, ROWS + ROWS]
    assert again == fetched


def test_local_json_lines_are_converted_again_only_when_they_change(tmp_path: Path) -> None:
    directory = tmp_path / "rows"
    directory.mkdir()
    (directory / "test.jsonl").write_bytes(LINES)
    first = fetch_split(directory, "test", tmp_path / "cache")
    assert pq.read_table(first.paths[0]).to_pylist() == ROWS
    assert first.paths[0].is_relative_to(tmp_path / "cache")
    written = first.paths[0].stat().st_mtime_ns
    assert fetch_split(directory, "test", tmp_path / "cache") == first
    assert first.paths[0].stat().st_mtime_ns == written
    (directory / "test.jsonl").write_bytes(LINES + LINES)
    assert pq.read_table(fetch_split(directory, "test", tmp_path / "cache").paths[0]).num_rows == 4


def test_unknown_format_is_rejected_before_any_download(tmp_path: Path) -> None:
    (tmp_path / "train.txt").write_text("text")
    with pytest.raises(HubError, match=r"expected Parquet, JSON lines, CSV or Arrow files, found 'train.txt'"):
        fetch_split(tmp_path, "train", tmp_path / "cache")
