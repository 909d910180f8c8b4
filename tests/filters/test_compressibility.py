from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from zlib_ng import zlib_ng

from filters.compressibility.filter import FILTER, ZLIB_LEVEL, zlib_sizes
from filters.contract import Sequences
from tests.filters.ragged_rows import assert_independent_of_batching, measured, text_rows
from tests.filters.test_code_lengths import huffman_oracle, shannon_oracle

ROWS = [
    "The quick brown fox jumps over the lazy dog.\n",
    "aaaaaaaaaaaaaaaa",
    "日本語のテキスト 🙂🙂\ufffd",
    "x",
    "\x00\x00\x01",
    "for i in range(10):\n    print(i)\n" * 6,
    "".join(map(chr, range(0x4E00, 0x4E00 + 300))),
    "0.0, 0.0, 0.0, 1.0, " * 12,
]


@settings(deadline=None)  # the machine may be busy
@given(st.lists(st.text(max_size=300), max_size=4))
def test_zlib_size_equals_a_zlib_call_per_row(texts: list[str]) -> None:
    assert zlib_sizes(text_rows(texts)).tolist() == [len(zlib_ng.compress(t.encode(), ZLIB_LEVEL)) for t in texts]


def columns_of(texts: list[Any]) -> dict[str, list[Any]]:
    return measured(FILTER, Sequences(text=text_rows(texts)))


def test_columns_of_named_texts() -> None:
    columns = columns_of(ROWS)
    sizes = [len(zlib_ng.compress(row.encode(), 6)) for row in ROWS]
    assert columns["zlib_size"] == sizes
    assert columns["zlib_ratio"] == [size / len(row.encode()) for size, row in zip(sizes, ROWS, strict=True)]
    assert columns["huffman_coding_length"] == pytest.approx([shannon_oracle(row) for row in ROWS])
    assert columns["optimal_huffman_coding_length"] == pytest.approx([huffman_oracle(row) for row in ROWS])


def test_repeated_text_compresses_better_than_random_text() -> None:
    random_text = "".join(map(chr, np.random.default_rng(1).integers(33, 127, 250)))
    repeated, random = columns_of(["abcd efg " * 28, random_text])["zlib_ratio"]
    assert repeated < 0.15 < 0.85 < random


def test_no_rows_an_empty_row_and_a_long_row_are_measured() -> None:
    assert columns_of([]) == {column.name: [] for column in FILTER.columns}
    empty = columns_of([""])
    assert (empty["zlib_ratio"], empty["huffman_coding_length"]) == ([None], [0.0])
    long_text = "".join(map(chr, np.random.default_rng(2).integers(97, 123, 400_000)))
    columns = columns_of([long_text])
    assert columns["huffman_coding_length"] == [pytest.approx(shannon_oracle(long_text))]
    assert columns["optimal_huffman_coding_length"] == [pytest.approx(huffman_oracle(long_text))]
    assert columns["zlib_size"] == [len(zlib_ng.compress(long_text.encode(), 6))]


def test_values_do_not_depend_on_batches() -> None:
    assert_independent_of_batching(FILTER, lambda part: Sequences(text=text_rows(part)), ROWS)
