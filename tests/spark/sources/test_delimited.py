"""CSV and TSV files: types, rejected rows, quoted line ends, and copies; as sequences and as a corpus."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from spark.sources import delimited_rows
from spark.sources.compression import created
from spark.sources.corpora import resolve_corpus
from spark.sources.delimited_values import TOKENS_TYPE, convert
from spark.sources.input_columns import recognise_columns
from spark.sources.internal_columns import LINE, LINE_REASON
from spark.sources.local_files import describe_files, find_files
from spark.sources.resolver import Resolver
from spark.sources.sequences import read_sequences
from spark.sources.source import Source
from tests.spark.sources.test_token_file import rows_of
from utils import UserError


def write(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with created(path) as file:
        file.write(content)
    return path


def opened(path: Path) -> Source:
    return describe_files(find_files(path))


def read(source: Source) -> list[dict[str, Any]]:
    return [row for part in source.parts() for batch in part.batches() for row in batch.to_pylist()]


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".csv.gz", ".csv.zst", ".CSV"])
def test_fields_get_types(tmp_path: Path, suffix: str) -> None:
    content = (
        '\ufefftext,n,x,day,at,clock,none\r\n"a ""b""\nc,",1,0.5,2024-01-02,2024-01-02 03:04:05.123456789,01:02:03,\r\n'
    )
    source = opened(write(tmp_path / f"a{suffix}", content.replace(",", "\t" if suffix == ".tsv" else ",").encode()))
    assert [str(type_) for type_ in source.schema.types] == [
        *("string", "int64", "double", "date32[day]", "timestamp[us]", "string", "string")
    ]
    (row,) = read(source)
    assert row["text"] == ('a "b"\nc\t' if suffix == ".tsv" else 'a "b"\nc,')
    assert (row["n"], row["x"], str(row["day"]), row["clock"], row["none"]) == (1, 0.5, "2024-01-02", "01:02:03", "")
    assert str(row["at"]) == "2024-01-02 03:04:05.123456"
    assert row[LINE_REASON] is None


@pytest.mark.parametrize("block_bytes", [40, 1 << 20])
def test_rows_that_do_not_fit_are_rejected_in_their_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block_bytes: int
) -> None:
    lines = [b"%d,text %d" % (number, number) for number in range(20)]
    lines[4], lines[5], lines[9], lines[19] = b"4", b"5,b,c", b"nine,t9", b"x"
    lines[12] = b"12,\xff"
    path = write(tmp_path / "a.csv", b"\n".join([b"n,text", *lines]))
    source = replace(opened(path), types={"n": pa.int64(), "text": pa.string()})  # type: ignore[call-arg]
    monkeypatch.setattr(delimited_rows, "BLOCK_BYTES", block_bytes)
    rows = read(source)
    assert [row["text"] for row in rows] == [
        None if number in (4, 5, 9, 12, 19) else f"text {number}" for number in range(20)
    ]
    reasons = {number: (row[LINE], row[LINE_REASON]) for number, row in enumerate(rows) if row[LINE_REASON]}
    assert reasons == {
        4: (b"4", "the line has 1 fields, the header 2"),
        5: (b"5,b,c", "the line has 3 fields, the header 2"),
        9: (b"nine,t9", "column 'n' is not of type int64"),
        12: (b"12,\xff", "column 'text' is not of type string"),
        19: (b"x", "the line has 1 fields, the header 2"),
    }


QUOTED = 'n,text\n0,"a ""b""\nc"\n1,d" e"\n2,"f"'


@pytest.mark.parametrize("block_bytes", [80, 1 << 20])
@pytest.mark.parametrize(
    ("content", "kept", "rejected"),
    [
        pytest.param(QUOTED, 3, None, id="closed"),
        pytest.param(QUOTED + "\n", 3, None, id="closed, with a line end"),
        pytest.param(QUOTED + '\n3,"x\n4,y\n5,z\n', 3, b"3,x\n4,y\n5,z\n", id="open in the last column"),
        pytest.param(QUOTED + '\n3,"x', 3, b"3,x", id="open without a line end"),
        pytest.param(QUOTED + '\n"3,x\n4,y\n', 3, b'"3,x\n4,y\n', id="open in the first column"),
        pytest.param(QUOTED + '\n3,""', 4, None, id="empty"),
        pytest.param(QUOTED + '\n3,"', 3, b"3,", id="one mark"),
        pytest.param(QUOTED + '\n3,"x""', 3, b'3,x"', id="an escaped mark at the end"),
        pytest.param("n,text\n", 0, None, id="no row"),
        pytest.param("text\na\nb\n", 2, None, id="one column"),
        pytest.param('text\na\n"b\nc\n', 1, b"b\nc\n", id="one column, open"),
        pytest.param('text\r\na\r\n"b\r\n', 1, b"b\r\n", id="line ends of Windows"),
    ],
)
def test_a_quotation_that_is_open_at_the_end_is_rejected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block_bytes: int, content: str, kept: int, rejected: bytes | None
) -> None:
    source = opened(write(tmp_path / "a.csv", content.encode()))
    monkeypatch.setattr(delimited_rows, "BLOCK_BYTES", block_bytes)
    rows = read(source)
    assert [row[LINE_REASON] for row in rows[:kept]] == [None] * kept
    found = [(row[LINE], row[LINE_REASON], row["text"]) for row in rows[kept:]]
    reason = "a quotation mark is not closed: the line holds the rest of the file"
    assert found == ([] if rejected is None else [(rejected, reason, None)])
    (of_text,) = (list(part.batches(["text"])) for part in source.parts())
    assert [reason for batch in of_text for reason in batch[LINE_REASON].to_pylist()] == [
        row[LINE_REASON] for row in rows
    ]


def test_an_open_quotation_in_a_corpus_is_told(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", b'text,tokens\na,1 2\n"b,3\n')
    corpus = resolve_corpus(str(path), 3, None, Resolver(tmp_path, {}, print))
    with pytest.raises(UserError, match=r"a\.csv: line 2: a quotation mark is not closed"):
        rows_of(corpus)


def test_token_lists_are_read_as_people_write_them() -> None:
    texts = ["[1, 2, 3]", "1 2", "[4\n 5]", "[]", "", "7", "(8, 9,)", "[1, x]", "[0 1 ... 9]", "[1.5]", None]
    column, fits = convert(pa.array([text and text.encode() for text in texts], pa.binary()), TOKENS_TYPE)
    assert column.to_pylist() == [[1, 2, 3], [1, 2], [4, 5], [], [], [7], [8, 9], None, None, None, None]
    assert fits is not None
    assert fits.to_pylist() == [True] * 7 + [False] * 3 + [True]


def test_csv_is_a_corpus_that_is_copied_with_all_columns(tmp_path: Path) -> None:
    content = b'who,tokens\n"a ""b""",1 2\n\xff,3\nc,"[4, 5]"\n'
    corpus = resolve_corpus(str(write(tmp_path / "a.csv.gz", content)), 3, None, Resolver(tmp_path, {}, print))
    assert rows_of(corpus) == {0: [1, 2], 1: [3], 2: [4, 5]}
    (tmp_path / "copy").mkdir()
    written = corpus.parts[0].copy_without(np.array([2]), tmp_path / "copy", "part")
    assert written == ("part.csv.gz", 2)
    (tmp_path / "copy" / "part.csv.gz").rename(tmp_path / "copy.csv.gz")
    rows = list(delimited_rows.rows_of(tmp_path / "copy.csv.gz", ["who", "tokens"]))
    assert rows[0].fields.to_pydict() == {"who": [b'a "b"', b"\xff"], "tokens": [b"1 2", b"3"]}


def test_csv_files_are_read_as_sequences(spark: Any, tmp_path: Path) -> None:
    write(tmp_path / "d" / "a.csv", b"text,year\none,2001\ntwo\n")
    write(tmp_path / "d" / "b.csv", b"more,text\nx,three\n")
    source = opened(tmp_path / "d")
    rows = read_sequences(spark, source, recognise_columns(source.schema, "d")).collect()
    found = {row["sequence_id"]: (row["text"], row["_run_other_0"], row["_run_other_1"]) for row in rows}
    assert found == {0: ("one", 2001, None), 1: (None, None, None), 2: ("three", None, "x")}
    assert [row["_run_line"] for row in rows if row["_run_rejection"]] == [b"two"]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(b"", "is damaged, or cannot be read: Empty CSV file", id="empty"),
        pytest.param(b"a,a\n1,2\n", "expected a header with the name of each column, found 'a' twice", id="twice"),
        pytest.param(b"\xff\xfea\n", "is damaged, or cannot be read: 'utf-8' codec", id="UTF-16"),
        pytest.param(b"a\n" + b"x" * 200, "expected rows of at most 0 MB, found a longer one", id="long row"),
    ],
)
def test_files_that_are_no_csv_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, expected: str
) -> None:
    monkeypatch.setattr(delimited_rows, "BLOCK_BYTES", 100)
    with pytest.raises(UserError, match=f"a.csv(:| ).*{expected}"):
        read(opened(write(tmp_path / "a.csv", content)))
