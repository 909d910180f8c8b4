"""Arrow columns to ragged arrays and back, including slices."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from filters.contract import RaggedArray
from filters.ragged import lists_from_ragged, ragged_from_lists, ragged_from_strings, strings_from_ragged

LISTS = pa.array([[1, 2], [], [3], [4, 5, 6]], pa.list_(pa.int32()))
STRINGS = pa.array(["ab", "", "é", "中文"], pa.string())


@pytest.mark.parametrize(("start", "length"), [(0, 4), (1, 2), (2, 2), (4, 0), (0, 0)])
def test_columns_and_slices_survive_a_round_trip(start: int, length: int) -> None:
    lists, strings = LISTS.slice(start, length), STRINGS.slice(start, length)
    assert lists_from_ragged(ragged_from_lists(lists)).equals(lists)
    assert strings_from_ragged(ragged_from_strings(strings)).equals(strings)


def test_nulls_are_rejected() -> None:
    for column in (pa.array([[1], None], pa.list_(pa.int32())), pa.array([[1, None]], pa.list_(pa.int32()))):
        with pytest.raises(ValueError, match="without nulls"):
            ragged_from_lists(column)
    with pytest.raises(ValueError, match="without nulls"):
        ragged_from_strings(pa.array(["a", None]))


def test_nulls_outside_of_a_slice_do_not_matter() -> None:
    column = pa.array([[None], [1, 2], None], pa.list_(pa.int32()))
    assert ragged_from_lists(column.slice(1, 1)).values.tolist() == [1, 2]


def test_offsets_beyond_32_bits_are_rejected() -> None:
    rows = RaggedArray(np.zeros(0, np.uint8), np.array([0, 2**31]))
    for convert in (strings_from_ragged, lists_from_ragged):
        with pytest.raises(OverflowError, match="use smaller batches"):
            convert(rows)
