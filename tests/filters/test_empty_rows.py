"""Every filter accepts empty rows: text can encode to no tokens, and tokens can decode to no text."""

from __future__ import annotations

import numpy as np
import pytest

from filters.contract import Filter, Sequences
from filters.registry import ALL_FILTERS
from filters.vocabulary import read_vocabulary
from tests.filters.ragged_rows import measured, text_rows, token_rows
from tests.filters.tiny_tokenizer import byte_level_tokenizer

OF_TEXT = [each for each in ALL_FILTERS if each.measure is not None and not each.asks_model]


@pytest.mark.parametrize("each", OF_TEXT, ids=lambda each: each.name)
@pytest.mark.parametrize(
    ("tokens", "text"),
    [
        pytest.param([], [], id="no rows"),
        pytest.param([[], []], ["", ""], id="only empty rows"),
        pytest.param([[1, 2, 1, 2], [], [1]], ["1, 2, 3, 4", "", "a"], id="an empty row between others"),
        pytest.param([[1, 2], []], ["", "ab"], id="empty in one of the two"),
    ],
)
def test_a_filter_accepts_empty_rows(each: Filter, tokens: list[list[int]], text: list[str]) -> None:
    frequencies = np.array([5, 6, 7], np.int64)
    vocabulary = read_vocabulary(byte_level_tokenizer())
    lengths = {"prompt_tokens": 1, "continuation_tokens": 1}
    found = measured(
        each, Sequences(token_rows(tokens), text_rows(text), frequencies, vocabulary=vocabulary, **lengths)
    )
    for values in found.values():
        assert len(values) == len(tokens)
