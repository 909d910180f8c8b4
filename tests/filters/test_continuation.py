"""The end of each sequence equals a slice of its list."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.continuation import CONTINUATION_TOKENS, PROMPT_TOKENS, cut_ends
from tests.filters.ragged_rows import token_rows

ROWS = st.lists(st.lists(st.integers(0, 9), max_size=8), max_size=8)


@given(rows=ROWS, length=st.integers(1, 9))
def test_ends_equal_slices(rows: list[list[int]], length: int) -> None:
    positions, ends = cut_ends(token_rows(rows), length)
    expected = {position: row[-length:] for position, row in enumerate(rows) if len(row) >= length}
    assert dict(zip(positions.tolist(), ends.tolist(), strict=True)) == expected
    assert ends.shape == (len(expected), length)


@pytest.mark.parametrize("tokens", [64, 65, 200])
def test_by_default_the_last_32_tokens_are_the_continuation_of_64(tokens: int) -> None:
    _, ends = cut_ends(token_rows([list(range(tokens))]), PROMPT_TOKENS + CONTINUATION_TOKENS)
    assert ends[0, PROMPT_TOKENS:].tolist() == list(range(tokens - 32, tokens))
