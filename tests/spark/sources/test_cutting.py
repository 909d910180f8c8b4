"""Documents are cut into sequences: where they lie, what they hold, and how both programs number them."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from tokenizers import Tokenizer

from spark.sources.catalog import TableLocation
from spark.sources.corpora import cut_corpus, resolve_corpus
from spark.sources.cut_source import CutSource, cut_source
from spark.sources.cutting import Cut, cut_lengths
from spark.sources.input_columns import recognise_columns
from spark.sources.internal_columns import LINE, LINE_KIND, LINE_REASON
from spark.sources.registry import ReadOptions
from spark.sources.resolver import Resolver
from spark.sources.token_reader import TokenReader
from utils import UserError

Write = Callable[..., Path]
CUTS = [Cut(4, 4, False), Cut(4, 4, True), Cut(4, 1, False), Cut(4, 3, True), Cut(4, 7, False), Cut(4, 7, True)]
CUTS += [Cut(1, 1, False), Cut(5, 2, True)]


def cut_slowly(tokens: list[int], cut: Cut) -> list[tuple[int, list[int]]]:
    """Return the sequences of one document, with the index of their first token, by a plain loop."""
    found, seen = [], 0
    for start in range(0, len(tokens), cut.stride):
        piece = tokens[start : start + cut.tokens]
        if len(piece) == cut.tokens or (cut.keep_short and start + len(piece) > seen):
            found.append((start, piece))
        if len(piece) < cut.tokens:
            break
        seen = start + len(piece)
    return found


@pytest.mark.parametrize("cut", CUTS, ids=str)
def test_sequences_lie_where_a_plain_loop_finds_them(cut: Cut) -> None:
    lengths = [*range(30), 0, 7, 4]
    pieces = cut_lengths(np.array(lengths), cut)
    expected = [
        (number, start, len(piece))
        for number, length in enumerate(lengths)
        for start, piece in cut_slowly(list(range(length)), cut)
    ]
    assert list(zip(*(each.tolist() for each in pieces), strict=True)) == expected


def test_documents_that_fill_their_sequences_have_no_short_one() -> None:
    assert cut_lengths(np.array([8]), Cut(4, 4, True)).lengths.tolist() == [4, 4]
    assert cut_lengths(np.array([9]), Cut(4, 4, True)).lengths.tolist() == [4, 4, 1]
    # The tokens behind the last whole sequence are all in it.
    assert cut_lengths(np.array([8]), Cut(4, 2, True)).offsets.tolist() == [0, 2, 4]


@pytest.fixture
def resolver(tmp_path: Path) -> Resolver:
    return Resolver(tmp_path / "cache", {}, lambda message: None)


def cut_file(resolver: Resolver, path: Path, cut: Cut, tokenizer: Tokenizer | None = None) -> CutSource:
    source = resolver.files(TableLocation(str(path), is_local=True), ReadOptions())
    columns = recognise_columns(source.schema, path.name)
    return cut_source(source, TokenReader(columns, tokenizer.to_str() if tokenizer else None), cut, path.name)


def rows_of(source: CutSource, rows: int = 1_000, names: list[str] | None = None) -> list[dict[str, Any]]:
    return [row for part in source.parts() for batch in part.batches(names, rows) for row in batch.to_pylist()]


@pytest.mark.parametrize("cut", CUTS, ids=str)
def test_tokens_are_cut_in_every_batch_size(resolver: Resolver, write_parquet: Write, cut: Cut) -> None:
    drawn = random.Random(3)
    documents = [[drawn.randrange(99) for _ in range(drawn.randrange(25))] for _ in range(40)]
    types = pa.schema([("tokens", pa.list_(pa.int64())), ("mine", pa.int32())])
    table = pa.table({"tokens": documents, "mine": list(range(40))}, types)
    source = cut_file(resolver, write_parquet("d.parquet", table, row_group_size=7), cut)
    cut_rows = [row for row in rows_of(source) if row[LINE_REASON] is None]
    expected = [(start, piece) for document in documents for start, piece in cut_slowly(document, cut)]
    assert [(row["token_offset"], row["tokens"]) for row in cut_rows] == expected
    assert all(documents[row["mine"]][row["token_offset"] :][: len(row["tokens"])] == row["tokens"] for row in cut_rows)
    without = {row["mine"] for row in rows_of(source) if row[LINE_REASON] is not None}
    assert without == {number for number, each in enumerate(documents) if not cut_slowly(each, cut)}
    for rows in (1, 2, 5):
        in_batches = [{**row, "document_id": None} for row in rows_of(source, rows)]
        assert in_batches == [{**row, "document_id": None} for row in rows_of(source)]
    assert list(rows_of(source, 9, ["mine"])[0]) == ["mine", LINE, LINE_REASON, LINE_KIND]
    assert sum(part.count_rows() for part in source.parts()) == len(rows_of(source))
    first = source.first_rows(5).table
    assert first.select(["token_offset", "tokens"]).to_pylist() == [
        {name: row[name] for name in ("token_offset", "tokens")} for row in rows_of(source)[:5]
    ]


def test_documents_that_give_no_sequence_say_why(resolver: Resolver, tmp_path: Path, tokenizer: Tokenizer) -> None:
    texts = ["one two three four", "one", "", None]
    lines = [json.dumps({"text": text, "sequence_id": 7 + number}) for number, text in enumerate(texts)]
    (tmp_path / "d.jsonl").write_text("\n".join([*lines, "no JSON"]))
    source = cut_file(resolver, tmp_path / "d.jsonl", Cut(3, 3, False), tokenizer)
    ids = tokenizer.encode("one two three four").ids
    rows = rows_of(source)
    assert [(row["document_id"], row["token_offset"], row["tokens"]) for row in rows if not row[LINE_REASON]] == [
        (7, start, ids[start : start + 3]) for start in range(0, len(ids) - 2, 3)
    ]
    rejected = [(row["document_id"], row["token_offset"], row[LINE], row[LINE_REASON]) for row in rows if row[LINE]]
    assert rejected[0] == (8, None, b"one", source.cutter.cut.too_short)
    assert rejected[1][2] == b"no JSON"
    assert rejected[1][3].startswith("the line is not JSON")
    by_id = {row["document_id"]: row for row in rows}
    assert (by_id[9][LINE_REASON], by_id[10][LINE_REASON]) == ("text is empty", "text is null")
    assert (by_id[10]["tokens"], by_id[8]["tokens"]) == (None, tokenizer.encode("one").ids)


def test_bytes_that_are_no_text_are_kept(resolver: Resolver, write_parquet: Write, tokenizer: Tokenizer) -> None:
    path = write_parquet("d.parquet", {"text": pa.array([b"\xff\xfe", b"one two"], pa.binary())})
    rows = rows_of(cut_file(resolver, path, Cut(1, 1, False), tokenizer))
    assert (rows[0][LINE], rows[0][LINE_REASON]) == (b"\xff\xfe", "text is not valid UTF-8")
    assert [row["tokens"][0] for row in rows[1:]] == tokenizer.encode("one two").ids


def test_a_column_document_id_is_the_id(resolver: Resolver, write_parquet: Write) -> None:
    path = write_parquet("d.parquet", {"tokens": [[1, 2], [3]], "document_id": ["a", "b"]})
    source = cut_file(resolver, path, Cut(1, 1, False))
    assert [(row["document_id"], row["tokens"]) for row in rows_of(source)] == [("a", [1]), ("a", [2]), ("b", [3])]
    both = {"tokens": [[1]], "document_id": ["a"], "sequence_id": [5]}
    with pytest.raises(UserError, match="the data has one"):
        cut_file(resolver, write_parquet("e.parquet", both), Cut(1, 1, False))


@pytest.mark.parametrize("cut", CUTS, ids=str)
def test_corpus_numbers_sequences_as_the_table_does(resolver: Resolver, tmp_path: Path, cut: Cut) -> None:
    drawn = random.Random(5)
    documents = [[drawn.randrange(99) for _ in range(drawn.randrange(12))] for _ in range(30)]
    (tmp_path / "d.jsonl").write_text("\n".join(json.dumps({"tokens": each}) for each in documents))
    source = cut_file(resolver, tmp_path / "d.jsonl", cut)
    corpus = cut_corpus(resolve_corpus(str(tmp_path / "d.jsonl"), 1, None, resolver), cut)
    found = [
        (int(number), batch.tokens.values[start:stop].tolist())
        for part in corpus.parts
        for batch in part.batches()
        for number, start, stop in zip(
            batch.sequence_ids, batch.tokens.offsets[:-1], batch.tokens.offsets[1:], strict=True
        )
    ]
    expected = [(number, row["tokens"]) for number, row in enumerate(rows_of(source)) if row[LINE_REASON] is None]
    assert found == expected


def test_corpus_has_no_place_for_damaged_documents(resolver: Resolver, tmp_path: Path) -> None:
    (tmp_path / "d.jsonl").write_text('{"tokens": [1, 2]}\n{"tokens": [3, -4]}\n')
    corpus = cut_corpus(resolve_corpus(str(tmp_path / "d.jsonl"), 1, None, resolver), Cut(1, 1, False))
    with pytest.raises(UserError, match="sequence_id 2: token id -4 is negative"):
        [batch for part in corpus.parts for batch in part.batches()]
