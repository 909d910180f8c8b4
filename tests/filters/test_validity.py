"""Rows that can be measured, and the reasons why other rows cannot."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from filters.validity import first_reasons, is_measured, text_rejections, token_rejections

IN_VOCABULARY = np.array([True, True, False, True])

TOKEN_ROWS = [
    pytest.param([0, 1, 3], None, id="fine"),
    pytest.param(None, "tokens is null", id="null"),
    pytest.param([], "tokens is empty", id="empty"),
    pytest.param([1, None], "tokens holds a null", id="null inside"),
    pytest.param([1, -4, 9], "token id -4 is negative", id="the first of two faults"),
    pytest.param([0, 4], "token id 4 is not in the vocabulary (ids below 4)", id="beyond the vocabulary"),
    pytest.param([0, 2], "token id 2 is not in the vocabulary (ids below 4)", id="a hole in the vocabulary"),
    pytest.param([2**40], f"token id {2**40} is not in the vocabulary (ids below 4)", id="beyond 32 bits"),
]


@pytest.mark.parametrize(("row", "reason"), TOKEN_ROWS)
def test_token_rows_have_the_expected_reason(row: list[int | None] | None, reason: str | None) -> None:
    column = pa.array([[0], row, [1]], pa.list_(pa.int64()))
    assert token_rejections(column, IN_VOCABULARY).tolist() == [None, reason, None]
    assert token_rejections(column.slice(1, 1), IN_VOCABULARY).tolist() == [reason]


def test_any_32_bit_id_is_valid_without_a_tokenizer() -> None:
    column = pa.array([[2**31 - 1], [2**31], [-1]], pa.list_(pa.int64()))
    assert is_measured(token_rejections(column, None)).tolist() == [True, False, False]


def test_values_under_null_rows_are_ignored() -> None:
    column = pa.ListArray.from_arrays([0, 1, 2, 3], pa.array([0, -9, 1]), mask=pa.array([False, True, False]))
    assert token_rejections(column, IN_VOCABULARY).tolist() == [None, "tokens is null", None]


def test_no_rows_give_no_reasons() -> None:
    assert len(token_rejections(pa.array([], pa.list_(pa.int32())), None)) == 0
    assert len(text_rejections(pa.array([], pa.string()), None)) == 0


def test_random_rows_equal_a_plain_check() -> None:
    generator = np.random.default_rng(0)
    rows = [generator.integers(-1, 6, generator.integers(0, 6)).tolist() for _ in range(2_000)]
    found = is_measured(token_rejections(pa.array(rows, pa.list_(pa.int32())), IN_VOCABULARY))
    assert found.tolist() == [bool(row) and all(token in (0, 1, 3) for token in row) for row in rows]


def test_text_rows_have_the_expected_reason() -> None:
    raw = pa.array([b"ok", b"\xff", None, b"", "é".encode(), b"\xed\xa0\x80"], pa.binary())
    text = pa.StringArray.from_buffers(len(raw), *raw.buffers()[1:], raw.buffers()[0])
    bad = "text is not valid UTF-8"
    assert text_rejections(text, "no text").tolist() == [None, bad, "no text", "text is empty", None, bad]
    assert text_rejections(text, None).tolist() == [None, bad, None, "text is empty", None, bad]


def test_first_reason_is_kept() -> None:
    first, second = np.array(["a", None, None], object), np.array(["b", "b", None], object)
    assert first_reasons(first, second).tolist() == ["a", "b", None]
