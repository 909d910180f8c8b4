from __future__ import annotations

import pytest

from features.compile import compile_features
from features.near_duplicates.components import _union_find
from features.near_duplicates.in_memory import near_duplicates_in_memory
from features.near_duplicates.signatures import _band_hashes, _shingle_hashes, _signatures
from features.near_duplicates.similarity import _number_shingles
from features.near_duplicates.verification import _near_duplicate_pairs
from tests.features.near_duplicates_oracle import planted
from tests.filters.ragged_rows import token_rows

KERNELS = (_shingle_hashes, _signatures, _band_hashes, _number_shingles, _near_duplicate_pairs, _union_find)


@pytest.mark.slow
def test_kernels_are_compiled_for_the_types_in_use() -> None:
    compile_features()
    compiled = [list(kernel.nopython_signatures) for kernel in KERNELS]
    assert all(compiled)
    near_duplicates_in_memory(token_rows(planted(100, 64, 0)), 0.8, 5)
    assert [list(kernel.nopython_signatures) for kernel in KERNELS] == compiled
