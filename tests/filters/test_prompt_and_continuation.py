"""The text of prompt and continuation is what the tokenizer decodes for each part alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tokenizers import Tokenizer

from filters import apply_filters, choose_filters
from filters.contract import Sequences
from filters.language_model.model import LanguageModel
from filters.prompt_and_continuation import FILTER
from filters.vocabulary import read_vocabulary
from tests.filters.ragged_rows import assert_independent_of_batching, token_rows
from utils import UserError

LENGTHS = (8, 9, 30, 7, 0, 1, 8)


@pytest.fixture(scope="module")
def rows(tokenizer: Tokenizer) -> list[list[int]]:
    generator = np.random.default_rng(1)
    return [generator.integers(0, tokenizer.get_vocab_size(), length).tolist() for length in LENGTHS]


@pytest.mark.parametrize(("prompt", "continuation"), [(5, 3), (1, 1), (30, 1)])
def test_each_part_is_decoded_alone(
    tokenizer: Tokenizer, rows: list[list[int]], prompt: int, continuation: int
) -> None:
    lengths = {"prompt_tokens": prompt, "continuation_tokens": continuation}
    found = apply_filters({"tokens": rows}, tokenizer, FILTER.name, **lengths)
    for row, *parts in zip(rows, found["prompt"], found["continuation"], strict=True):
        if len(row) < prompt + continuation:
            assert parts == [None, None]
            continue
        expected = row[-prompt - continuation : -continuation], row[-continuation:]
        assert parts == [tokenizer.decode(ids, skip_special_tokens=False) for ids in expected]


def test_rows_are_independent_of_batching(tokenizer: Tokenizer, rows: list[list[int]]) -> None:
    given: dict[str, Any] = {"vocabulary": read_vocabulary(tokenizer), "prompt_tokens": 5, "continuation_tokens": 3}
    assert_independent_of_batching(FILTER, lambda some: Sequences(token_rows(some), **given), rows)


def test_text_is_cut_by_its_tokens(tokenizer: Tokenizer) -> None:
    text = " ".join(["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"] * 8)
    found = apply_filters([text], tokenizer, FILTER.name)
    prompt, continuation = (found[name][0].as_py() for name in ("prompt", "continuation"))
    assert text.endswith(prompt + continuation)
    assert len(tokenizer.encode(continuation).ids) == 32
    assert apply_filters([text], None, FILTER.name)["prompt"].to_pylist() == [None]


def test_the_lengths_of_a_model_are_used(tokenizer: Tokenizer, rows: list[list[int]]) -> None:
    model = LanguageModel(Path("not loaded"), 300, None, prompt_tokens=5, continuation_tokens=3)
    expected = apply_filters({"tokens": rows}, tokenizer, FILTER.name, prompt_tokens=5, continuation_tokens=3)
    assert apply_filters({"tokens": rows}, tokenizer, FILTER.name, language_model=model) == expected
    with pytest.raises(UserError, match="expected prompt_tokens of the LanguageModel"):
        apply_filters({"tokens": rows}, tokenizer, FILTER.name, language_model=model, prompt_tokens=5)


def test_a_length_below_one_is_rejected(tokenizer: Tokenizer) -> None:
    with pytest.raises(UserError, match="expected continuation_tokens of at least 1, found 0"):
        apply_filters({"tokens": [[1]]}, tokenizer, FILTER.name, continuation_tokens=0)


def test_the_filter_is_chosen_only_by_name() -> None:
    assert FILTER not in choose_filters("all,model")
    assert FILTER in choose_filters(("all", FILTER.name))
