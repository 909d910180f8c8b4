"""Text files: a document a file or a line, long and damaged ones, copies, and named columns of other formats."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from spark.sources.column_names import GivenColumns
from spark.sources.compression import created
from spark.sources.corpora import resolve_corpus
from spark.sources.formats import plain_text
from spark.sources.input_columns import recognise_columns
from spark.sources.internal_columns import LINE_REASON
from spark.sources.local_files import describe_files, find_files
from spark.sources.registry import ReadOptions
from spark.sources.resolver import Resolver
from spark.sources.sequences import read_sequences
from spark.sources.source import Source
from tests.spark.sources.test_token_file import rows_of
from utils import UserError

LINES = ReadOptions(document_per="line")


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    """Write three text files, one of them compressed and in a folder."""
    for name, text in (("d/a.txt", "one\ntwo\n"), ("d/b.txt", "\n"), ("d/more/c.txt.gz", "three\n\nfour")):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        with created(tmp_path / name) as file:
            file.write(text.encode())
    return tmp_path / "d"


def read(source: Source) -> list[dict[str, Any]]:
    return [row for part in source.parts() for batch in part.batches() for row in batch.to_pylist()]


def test_each_file_is_a_document_with_its_name(documents: Path) -> None:
    source = describe_files(find_files(documents))
    assert source.rows == 3
    assert [(row["text"], row["file"]) for row in read(source)] == [
        (b"one\ntwo\n", "a.txt"),
        (b"\n", "b.txt"),
        (b"three\n\nfour", "more/c.txt.gz"),
    ]
    assert len(source.parts(1)) == 3


def test_each_line_is_a_document(documents: Path) -> None:
    source = describe_files(find_files(documents), LINES)
    assert [row["text"] for row in read(source)] == [b"one", b"two", b"three", b"four"]


def test_long_documents_are_rejected(documents: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain_text, "LONGEST_LINE", 8)
    rows = read(describe_files(find_files(documents)))
    assert [row["text"] for row in rows] == [b"one\ntwo\n", b"\n", None]
    assert rows[2][LINE_REASON].startswith("the file is longer than 8 bytes; give --document_per line")


def test_text_is_a_corpus_that_is_copied(documents: Path, tokenizer_file: Path, tmp_path: Path) -> None:
    (tmp_path / "copy").mkdir()
    for options, name, expected in (
        (LINES, "p.txt", b"two\n"),
        (None, "p.jsonl", json.dumps({"text": "\n", "file": "b.txt"}).encode() + b"\n"),
    ):
        resolver = Resolver(tmp_path, {}, print)
        corpus = resolve_corpus(str(documents), 3, str(tokenizer_file), resolver, options=options)
        assert sum(part.part.count_rows() for part in corpus.parts) == (4 if options else 3)
        assert rows_of(corpus)
        removed = np.array([0] if options else [0, 2])
        assert corpus.parts[0].copy_without(removed, tmp_path / "copy", "p") == (name, 1)
        assert (tmp_path / "copy" / name).read_bytes() == expected
        assert resolver.formats == {"text"}


def test_text_files_are_read_as_sequences(spark: Any, documents: Path) -> None:
    for options, count in ((ReadOptions(), 3), (LINES, 4)):
        source = describe_files(find_files(documents), options)
        rows = read_sequences(spark, source, recognise_columns(source.schema, "d")).collect()
        assert sorted(row["sequence_id"] for row in rows) == list(range(count))
        assert "three\n\nfour" in {row["text"] for row in rows} or options is LINES


def test_text_beside_other_data_is_no_data(documents: Path) -> None:
    (documents / "z.csv").write_text("text\na\n")
    assert [path.name for path in find_files(documents)] == ["z.csv"]


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv", "a.json"])
def test_columns_are_named_by_the_user(tmp_path: Path, name: str) -> None:
    content = {"a.csv": "doc,body,text\n7,12,x\n", "a.jsonl": '{"doc": 7, "body": "12", "text": "x"}\n'}
    (tmp_path / name).write_text(content.get(name, content["a.jsonl"]))
    given = GivenColumns("body", "doc")
    source = describe_files(find_files(tmp_path / name), ReadOptions(columns=given))
    columns = recognise_columns(source.schema, "a", given)
    assert (columns.sequence_id, columns.text, columns.others) == ("doc", "body", ("text",))
    assert read(source)[0]["body"] == "12"
    with pytest.raises(UserError, match="a: expected a column `none`, as --text_column says, found doc, body, text"):
        recognise_columns(source.schema, "a", GivenColumns("none"))
    schema = pa.schema([("body", pa.string()), ("key", pa.string()), ("place", pa.float64())])
    columns = recognise_columns(schema, "a", GivenColumns("body", "key"))
    assert (columns.sequence_id, columns.document_id) == (None, "key")
    with pytest.raises(UserError, match="a: expected whole numbers in column `place`, found double"):
        recognise_columns(schema, "a", GivenColumns("body", "place"))
