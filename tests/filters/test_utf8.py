from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from filters.utf8 import code_points, replace_malformed
from tests.filters.ragged_rows import as_bytes, as_lists, byte_rows, text_rows

CASES = {
    "plain ASCII": b"plain",
    "nothing": b"",
    "two, three and four bytes": "é€🙂".encode(),
    "lone continuation bytes": b"a\x80\xbfb",
    "cut within four bytes": b"\xf0\x9f\x99",
    "cut within three, then text": b"\xe2\x82x",
    "cut at the row's end, continued in the next row": b"x\xe2\x82",
    "continuation of the row before": b"\xac y",
    "overlong slash": b"\xc0\xaf",
    "overlong three bytes": b"\xe0\x80\xaf",
    "surrogate": b"\xed\xa0\x80",
    "last before the surrogates": "\ud7ff".encode(),
    "beyond U+10FFFF": b"\xf4\x90\x80\x80",
    "the last code point": "\U0010ffff".encode(),
    "never valid": b"\xfe\xff\xf5",
    "lead after lead": b"\xe2\xe2\x82\xac",
    "NUL": b"a\x00b",
    "replacement character itself": "\ufffd".encode(),
}


def repaired(rows: list[bytes]) -> list[bytes]:
    return as_bytes(replace_malformed(byte_rows(rows), np.ones(len(rows), np.bool_)))


@pytest.mark.parametrize("value", CASES.values(), ids=CASES.keys())
def test_malformed_bytes_are_replaced_as_in_python(value: bytes) -> None:
    assert repaired([value]) == [value.decode("utf-8", "replace").encode()]


def test_character_does_not_continue_in_the_next_row() -> None:
    assert repaired(list(CASES.values())) == [v.decode("utf-8", "replace").encode() for v in CASES.values()]


@settings(deadline=None)  # the first call compiles
@given(st.lists(st.binary(max_size=30) | st.text(max_size=12).map(lambda text: text.encode()[1:-1]), max_size=6))
def test_random_bytes_are_replaced_as_in_python(rows: list[bytes]) -> None:
    assert repaired(rows) == [row.decode("utf-8", "replace").encode() for row in rows]


@settings(deadline=None)  # the first call compiles
@given(st.lists(st.sampled_from([0x41, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC2, 0xE0, 0xED, 0xF0, 0xF4]), max_size=9))
def test_bytes_at_range_limits_are_replaced_as_in_python(values: list[int]) -> None:
    assert repaired([bytes(values)]) == [bytes(values).decode("utf-8", "replace").encode()]


def test_rows_not_marked_as_suspect_are_unchanged() -> None:
    rows = byte_rows([b"\xff", b"ok", b"\xff"])
    assert as_bytes(replace_malformed(rows, np.array([False, True, True]))) == [b"\xff", b"ok", b"\xef\xbf\xbd"]


@settings(deadline=None)  # the first call compiles
@given(st.lists(st.text(max_size=20), max_size=6))
def test_code_points_equal_those_of_python(rows: list[str]) -> None:
    assert as_lists(code_points(text_rows(rows))) == [[ord(character) for character in row] for row in rows]


@pytest.mark.parametrize("value", CASES.values(), ids=CASES.keys())
def test_code_points_of_malformed_bytes_are_the_replacement_character(value: bytes) -> None:
    assert as_lists(code_points(byte_rows([value]))) == [list(map(ord, value.decode("utf-8", "replace")))]
