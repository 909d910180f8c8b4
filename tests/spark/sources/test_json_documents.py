"""JSON files of an array or of lines, read and copied; and what lies beside data and is none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spark.sources import json_array
from spark.sources.compression import created
from spark.sources.corpora import resolve_corpus
from spark.sources.input_columns import recognise_columns
from spark.sources.internal_columns import LINE, LINE_REASON
from spark.sources.json_array import elements_of
from spark.sources.local_files import describe_files, find_files
from spark.sources.resolver import Resolver
from spark.sources.sequences import read_sequences
from tests.spark.sources.test_token_file import rows_of
from utils import UserError

RECORDS = [{"text": 'é "] }{\\' + "x" * number, "tokens": [number], "n": None} for number in range(50)]


def write(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with created(path) as file:
        file.write(content)
    return path


def read(path: Path) -> list[dict[str, Any]]:
    source = describe_files(find_files(path))
    return [row for part in source.parts() for batch in part.batches(rows=7) for row in batch.to_pylist()]


@pytest.mark.parametrize("read_at_once", [1, 10, 1 << 20])
@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("suffix", [".json", ".json.gz", ".json.zst"])
def test_array_is_read_by_element(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, indent: int | None, read_at_once: int
) -> None:
    content = b"\xef\xbb\xbf \n" + json.dumps(RECORDS, indent=indent, ensure_ascii=indent is None).encode() + b"\n"
    path = write(tmp_path / f"a{suffix}", content)
    if read_at_once > 1 or suffix == ".json":
        assert [row["text"] for row in read(path)] == [record["text"] for record in RECORDS]
    monkeypatch.setattr(json_array, "READ_AT_ONCE", read_at_once)
    assert [json.loads(element) for element in elements_of(path)] == RECORDS


def test_elements_that_do_not_fit_are_rejected_in_their_place(tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", b'[{"text": "a"}, {"text": 3}, 12, "\xff", {"text": "b"}]')
    rows = read(path)
    assert [(row["text"], row[LINE]) for row in rows] == [
        ("a", None),
        (None, b'{"text": 3}'),
        (None, b"12"),
        (None, b'"\xff"'),
        ("b", None),
    ]
    assert "not valid UTF-8" in rows[3][LINE_REASON]


def test_number_may_go_on_behind_what_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.json", b"[123, 45]")
    monkeypatch.setattr(json_array, "READ_AT_ONCE", 1)
    assert list(elements_of(path)) == [b"123", b"45"]


def test_json_may_hold_lines(tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", b'{"text": "a"}\n{"text": "b"}\n')
    assert [row["text"] for row in read(path)] == ["a", "b"]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        pytest.param(b'[{"text": "a"}, {"text": ', "element 2 to be no JSON", id="cut off"),
        pytest.param(b'[{"text": "a"} {"text": "b"}]', "'{' behind element 1", id="no comma"),
        pytest.param(b'[{"text": "a"},]', "no element after the comma behind element 1", id="comma"),
        pytest.param(b'[{"text": "a"}', "the end of the file behind element 1", id="not closed"),
        pytest.param(b'[{"text": "a"}] [1]', "more text behind its end, after 1 elements", id="two arrays"),
        pytest.param(b'[{"text": "a"}, {"text": nul}]', "element 2 to be no JSON", id="no JSON"),
    ],
)
def test_damaged_array_is_named(tmp_path: Path, content: bytes, found: str) -> None:
    with pytest.raises(UserError, match=f"a.json: expected a JSON array of objects, found {found}"):
        read(write(tmp_path / "a.json", content))


def test_array_is_a_corpus_that_is_copied_as_an_array(tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", json.dumps(RECORDS, indent=1).encode())
    corpus = resolve_corpus(str(path), 3, None, Resolver(tmp_path, {}, print))
    assert rows_of(corpus) == {number: [number] for number in range(50)}
    (tmp_path / "copy").mkdir()
    assert corpus.parts[0].copy_without(np.arange(1, 49), tmp_path / "copy", "part") == ("part.json", 2)
    assert json.loads((tmp_path / "copy" / "part.json").read_text()) == [RECORDS[0], RECORDS[49]]
    assert corpus.parts[0].copy_without(np.arange(50), tmp_path / "copy", "none") == ("none.json", 0)
    assert json.loads((tmp_path / "copy" / "none.json").read_text()) == []


def test_json_beside_other_data_is_no_data(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text("{}")
    (tmp_path / "about.json").write_text('{"licence": "none"}')
    (tmp_path / "a.jsonl").write_text('{"text": "a"}\n')
    assert [path.name for path in find_files(tmp_path)] == ["a.jsonl"]
    (tmp_path / "a.jsonl").unlink()
    assert [path.name for path in find_files(tmp_path)] == ["about.json"]


def test_json_is_read_as_sequences(spark: Any, tmp_path: Path) -> None:
    write(tmp_path / "d" / "a.json", json.dumps(RECORDS[:2]).encode())
    write(tmp_path / "d" / "b.json", b'{"text": "line"}\n')
    source = describe_files(find_files(tmp_path / "d"))
    rows = read_sequences(spark, source, recognise_columns(source.schema, "d")).collect()
    assert {row["sequence_id"]: row["text"] for row in rows} == {
        0: RECORDS[0]["text"],
        1: RECORDS[1]["text"],
        2: "line",
    }
