from __future__ import annotations

import numpy as np
import pytest

from filters.contract import RaggedArray
from filters.kernel_input import read_only, read_only_rows


@pytest.mark.parametrize(
    "values",
    [
        pytest.param(np.arange(6, dtype=np.int32), id="right already"),
        pytest.param(np.arange(6, dtype=np.int64), id="another dtype"),
        pytest.param(np.arange(12, dtype=np.int32)[::2] // 2, id="strided"),
        pytest.param(np.frombuffer(np.arange(6, dtype=np.int32).tobytes(), np.int32), id="read-only"),
    ],
)
def test_arrays_are_contiguous_read_only_and_of_the_dtype(values: np.ndarray) -> None:
    found = read_only(values, np.int32)
    assert found.tolist() == [0, 1, 2, 3, 4, 5]
    assert (found.dtype, found.flags.writeable, found.flags.c_contiguous) == (np.int32, False, True)


def test_suitable_arrays_are_neither_copied_nor_changed() -> None:
    values, offsets = np.arange(6, dtype=np.uint8), np.array([0, 6])
    found = read_only_rows(RaggedArray(values, offsets), np.uint8)
    assert np.shares_memory(found.values, values)
    assert np.shares_memory(found.offsets, offsets)
    assert values.flags.writeable
    assert offsets.flags.writeable
