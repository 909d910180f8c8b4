"""Tokens and text of every Arrow type, sliced or not, read the same."""

from __future__ import annotations

import mmap
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from filters.arrow_input import plain_lists, plain_text

ROWS = [[9, 9], [1, 2], None, [3, None], [2**40, 2**40]]
TEXTS = ["zero", "one", None, "", "zwölf"]
LISTS = {
    "list": pa.list_(pa.int64()),
    "large list": pa.large_list(pa.int64()),
    "fixed-size list": pa.list_(pa.int64(), 2),
    "list view": pa.list_view(pa.int64()),
    "large list view": pa.large_list_view(pa.int64()),
}


def texts_of(kind: str) -> pa.Array:
    """Return `TEXTS` in a type."""
    texts = pa.array(TEXTS)
    if kind == "dictionary":
        return texts.dictionary_encode()
    if kind == "dictionary of large strings":
        return texts.cast(pa.large_string()).dictionary_encode()
    if kind == "run ends":
        return pc.run_end_encode(texts)
    if kind == "extension":
        return pa.ExtensionArray.from_storage(pa.json_(pa.string()), texts)
    return pa.array([text and text.encode() for text in TEXTS], pa.binary()).cast(kind)


@pytest.mark.parametrize("kind", LISTS)
@pytest.mark.parametrize(("start", "stop"), [(0, 5), (1, 4), (2, 3), (0, 0), (0, 1)])
def test_lists_hold_only_the_values_of_their_own_rows(kind: str, start: int, stop: int) -> None:
    found = plain_lists(pa.array(ROWS, LISTS[kind]).slice(start, stop - start))
    assert found.type == pa.list_(pa.int64())
    assert found.to_pylist() == ROWS[start:stop]
    assert found.values.to_pylist() == [value for row in ROWS[start:stop] for value in row or ()]
    assert found.offset == 0 and len(found.offsets) == stop - start + 1


def test_values_under_a_null_row_are_left_out() -> None:
    column = pa.ListArray.from_arrays([0, 1, 3], pa.array([1, None, 2**63], pa.uint64()), mask=pa.array([False, True]))
    assert plain_lists(column).values.to_pylist() == [1]
    assert plain_lists(column.slice(1)).values.to_pylist() == []


def test_tensors_and_nulls_are_lists() -> None:
    tensors = pa.FixedShapeTensorArray.from_numpy_ndarray(np.arange(6, dtype=np.int32).reshape(3, 2))
    assert plain_lists(tensors).to_pylist() == [[0, 1], [2, 3], [4, 5]]
    assert plain_lists(pa.nulls(2)).to_pylist() == [None, None]


@pytest.mark.parametrize(
    "kind",
    [
        *("string", "large_string", "string_view", "binary", "large_binary", "binary_view"),
        *("dictionary", "dictionary of large strings", "run ends", "extension"),
    ],
)
@pytest.mark.parametrize(("start", "stop"), [(0, 5), (1, 4), (2, 3), (0, 0)])
def test_text_of_any_type_is_the_same_string(kind: str, start: int, stop: int) -> None:
    found = plain_text(texts_of(kind).slice(start, stop - start))
    assert found.type == pa.string()
    assert found.to_pylist() == TEXTS[start:stop]


def test_bytes_that_are_no_text_and_nulls_are_kept() -> None:
    assert plain_text(pa.array([b"\xff"], pa.binary_view())).cast(pa.binary()).to_pylist() == [b"\xff"]
    assert plain_text(pa.nulls(2)).to_pylist() == [None, None]


def test_slice_behind_two_gibibytes_of_text_is_read() -> None:
    far = 2**31 + 10
    with mmap.mmap(-1, far + 4) as data:  # untouched pages take no memory
        data[far : far + 4] = b"late"
        offsets: Any = pa.py_buffer(np.array([0, far, far + 4], np.int64))
        column = pa.LargeStringArray.from_buffers(2, offsets, pa.py_buffer(data))
        assert plain_text(column.slice(1)).to_pylist() == ["late"]
        del column
