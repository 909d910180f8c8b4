"""Token counts equal a plain loop."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from features.token_counts import MEMORIZED, REST, count_tokens
from filters.contract import RaggedArray

ROWS = st.lists(st.tuples(st.booleans(), st.lists(st.integers(0, 300), max_size=8)), max_size=8)


@settings(deadline=None)  # the first call compiles
@given(first=ROWS, second=ROWS)
def test_token_counts_equal_a_plain_loop(
    first: list[tuple[bool, list[int]]], second: list[tuple[bool, list[int]]]
) -> None:
    counts = np.zeros((2, 0), np.int64)
    for rows in (first, second):
        tokens = [row for _, row in rows]
        values = np.array([token for row in tokens for token in row], np.uint16)
        corpus = RaggedArray(values, np.cumsum([0, *map(len, tokens)]))
        counts = count_tokens(corpus, np.array([memorized for memorized, _ in rows], np.bool_), counts)
    for which, is_memorized in ((MEMORIZED, True), (REST, False)):
        expected = Counter(token for memorized, row in first + second if memorized == is_memorized for token in row)
        assert {token: count for token, count in enumerate(counts[which].tolist()) if count} == expected
