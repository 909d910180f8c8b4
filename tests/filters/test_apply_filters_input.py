"""Every type of tokens and text, sliced and chunked, is measured row by row: one bad row makes one null row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from tokenizers import Tokenizer, models

from filters import apply_filters
from filters.apply import cut_rows
from filters.measuring import Resources, measure_batch
from filters.registry import choose_filters
from filters.validity import NO_TOKENS
from filters.vocabulary import read_vocabulary
from utils import UserError

ROWS = 25
LISTS = {
    "list": pa.list_(pa.int64()),
    "list of uint64": pa.list_(pa.uint64()),
    "list of int16": pa.list_(pa.int16()),
    "large list": pa.large_list(pa.int64()),
    "fixed-size list": pa.list_(pa.int64(), 6),
    "list view": pa.list_view(pa.int32()),
    "large list view": pa.large_list_view(pa.uint32()),
}
TEXTS: dict[str, Callable[[pa.Array], pa.Array]] = {
    **{
        name: lambda texts, name=name: texts.cast(name)
        for name in ("string", "large_string", "string_view", "binary", "large_binary", "binary_view")
    },
    "dictionary": lambda texts: texts.dictionary_encode(),
    "dictionary of large strings": lambda texts: texts.cast(pa.large_string()).dictionary_encode(),
    "run ends": pc.run_end_encode,
    "extension": lambda texts: pa.ExtensionArray.from_storage(pa.json_(pa.string()), texts),
}


def token_rows() -> list[list[Any] | None]:
    return [[10 + number, 7] * 3 for number in range(ROWS)]


def null_rows(measured: pa.Table) -> list[int]:
    return [row for row, value in enumerate(measured["is_repeating"].to_pylist()) if value is None]


def in_chunks(column: pa.Array, length: int) -> pa.ChunkedArray:
    return pa.chunked_array([column.slice(start, length) for start in range(0, len(column), length)])


@pytest.mark.parametrize("kind", LISTS)
@pytest.mark.parametrize("rows_a_chunk", [4, ROWS])
def test_null_token_makes_one_null_row_in_any_batch(kind: str, rows_a_chunk: int) -> None:
    rows = token_rows()
    rows[17] = [1, None, 1, None, 1, None]
    tokens = in_chunks(pa.array(rows, LISTS[kind]), rows_a_chunk)
    for batch_rows in (1, 10, 10_000):
        measured = apply_filters(pa.table({"tokens": tokens}), filters="repetition", batch_rows=batch_rows)
        assert null_rows(measured) == [17]
        assert measured["num_repeating"].to_pylist() == [None if row == 17 else 3 for row in range(ROWS)]
        assert measured["tokens"].equals(tokens)


@pytest.mark.parametrize("bad", [2**63, 2**64 - 1])
def test_token_id_above_63_bits_makes_one_null_row(bad: int, tokenizer: Tokenizer) -> None:
    rows = token_rows()
    rows[17] = [bad]
    for given in ({"tokens": rows}, pa.table({"tokens": pa.array(rows, pa.list_(pa.uint64()))})):
        for known in (None, tokenizer):
            measured = apply_filters(given, known, filters="repetition", batch_rows=10)
            assert null_rows(pa.table({"is_repeating": measured["is_repeating"]})) == [17]


def test_token_id_above_32_bits_in_a_later_batch_makes_one_null_row() -> None:
    rows = token_rows()
    rows[17] = [2**40]
    assert null_rows(apply_filters(pa.table({"tokens": rows}), filters="repetition", batch_rows=10)) == [17]


def test_values_under_null_rows_are_ignored() -> None:
    values = pa.array(np.arange(6) + 2**33)
    tokens = pa.ListArray.from_arrays([0, 2, 4, 6], values, mask=pa.array([True, True, True]))
    assert null_rows(apply_filters(pa.table({"tokens": tokens}), filters="repetition")) == [0, 1, 2]


@pytest.mark.parametrize("kind", TEXTS)
@pytest.mark.parametrize("rows_a_chunk", [2, 6])
def test_text_of_any_type_is_measured_the_same(kind: str, rows_a_chunk: int) -> None:
    texts = pa.array(["one one one", None, "", "zwei", "one one one", "one one one"])
    expected = apply_filters(pa.table({"text": texts}), filters="compressibility")
    given = pa.table({"text": in_chunks(TEXTS[kind](texts), rows_a_chunk)})
    for batch_rows in (1, 10_000):
        measured = apply_filters(given, filters="compressibility", batch_rows=batch_rows)
        assert measured.drop("text").equals(expected.drop("text"))
        assert measured["text"].equals(given["text"])


@pytest.mark.parametrize("kind", TEXTS)
def test_missing_text_of_any_type_is_decoded(kind: str, tokenizer: Tokenizer) -> None:
    given = TEXTS[kind](pa.array(["mine", None, None]))
    tokens = [tokenizer.encode(text).ids for text in ("one", "two", "three")]
    found = apply_filters(pa.table({"tokens": tokens, "text": given}), tokenizer, "detokenization")["text"]
    assert found.cast(pa.large_binary()).to_pylist() == [b"mine", b"two", b"three"]


def test_columns_of_nulls_alone_give_null_rows(tokenizer: Tokenizer) -> None:
    nulls = pa.nulls(2)
    for given in ({"tokens": nulls}, {"text": nulls}, {"tokens": nulls, "text": nulls}):
        measured = apply_filters(pa.table(given), tokenizer)
        assert null_rows(measured) == [0, 1]
        assert measured["zlib_size"].null_count == 2
    decoded = apply_filters(pa.table({"tokens": [[70], [71]], "text": nulls}), tokenizer, "detokenization")
    assert decoded["text"].to_pylist() == [tokenizer.decode([70]), tokenizer.decode([71])]


def test_bytes_that_are_no_text_make_one_null_row() -> None:
    given = pa.table({"text": pa.array([b"one", b"\xff", b"two"], pa.binary())})
    assert apply_filters(given, filters="compressibility")["zlib_size"].null_count == 1
    dictionary = pa.table({"text": given["text"].combine_chunks().dictionary_encode()})
    assert apply_filters(dictionary, filters="compressibility")["zlib_size"].null_count == 1


def test_text_without_any_token_is_rejected_with_the_reason() -> None:
    tokenizer = Tokenizer(models.BPE({"a": 0, "b": 1}, []))
    texts = pa.array(["zzz", "abab", "z"])
    found = measure_batch(None, texts, choose_filters("repetition"), Resources(read_vocabulary(tokenizer)))
    assert found.reasons.tolist() == [NO_TOKENS, None, NO_TOKENS]
    assert null_rows(apply_filters(pa.table({"text": texts}), tokenizer)) == [0, 2]


def test_batches_respect_both_bounds() -> None:
    sizes = np.array([1, 1, 1, 100, 1, 1, 50, 50, 0, 0])
    assert list(cut_rows(sizes, 3, 100)) == [(0, 3), (3, 1), (4, 3), (7, 3)]
    assert list(cut_rows(sizes, 10_000, 10_000)) == [(0, 10)]
    assert list(cut_rows(sizes, 10_000, 1)) == [(row, 1) for row in range(8)] + [(8, 2)]
    assert list(cut_rows(np.zeros(0, np.int64), 3, 100)) == []


def test_slices_and_chunks_equal_the_whole(tokenizer: Tokenizer) -> None:
    generator = np.random.default_rng(3)
    rows = [generator.integers(-1, 300, generator.integers(0, 9)).tolist() for _ in range(300)]
    whole = apply_filters(pa.table({"tokens": rows}), tokenizer, batch_rows=1)
    column = pa.array([[2**50], *rows, [None]], pa.large_list(pa.int64())).slice(1, 300)
    found = apply_filters(pa.table({"tokens": in_chunks(column, 7)}), tokenizer, batch_rows=11)
    assert found.drop("tokens").equals(whole.drop("tokens"))


def test_joining_filter_asked_for_by_name_is_rejected() -> None:
    with pytest.raises(UserError, match="found duplicates, which joins a table"):
        apply_filters(pa.table({"text": ["a"]}), filters="duplicates")
