from __future__ import annotations

import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from filters.hashing import EVERY_BIT
from filters.ngram_diversity.words import words_of
from tests.filters.ragged_rows import as_lists, text_rows

WHITESPACE = [character for character in map(chr, range(sys.maxunicode + 1)) if character.isspace()]


def found(texts: list[str]) -> list[list[str]]:
    rows = text_rows(texts)
    words = words_of(rows)
    every = [bytes(rows.values[start:stop]).decode() for start, stop in zip(words.starts, words.stops, strict=True)]
    bounds = words.ids.offsets.tolist()
    return [every[bounds[i] : bounds[i + 1]] for i in range(len(texts))]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param(" \t\n ", id="only whitespace"),
        pytest.param("word", id="one word"),
        pytest.param("  two\twords\n", id="whitespace around"),
        pytest.param("a\x1cb\x1fc\x0bd\x85e\xa0f", id="control characters and C1"),
        pytest.param("日本\u3000語 \u2003🙂\u202f.\u205f,\u1680x\u2028y", id="wide whitespace"),
        pytest.param("\u200bzero\u200bwidth\ufeff", id="zero-width characters are no whitespace"),
        pytest.param("â ã €é á\u0301", id="characters that begin as whitespace does"),
        pytest.param("don't stop-it, x=y;", id="punctuation belongs to its word"),
        pytest.param("\ufffd \ufffd", id="replacement characters"),
    ],
)
def test_words_equal_str_split(text: str) -> None:
    assert found([text]) == [text.split()]


def test_only_whitespace_characters_separate_words() -> None:
    near = [chr(ord(space) + step) for space in WHITESPACE for step in (-1, 0, 1, 64)]
    texts = [f"a{character}b" for character in near] + [f"a{character}" for character in near]
    assert found(texts) == [text.split() for text in texts]


@settings(deadline=None)  # the first call compiles
@given(st.lists(st.text(st.sampled_from([*WHITESPACE, *"abé日🙂\u2010\u3001"]), max_size=20), max_size=6))
def test_words_of_random_texts_equal_str_split(texts: list[str]) -> None:
    assert found(texts) == [text.split() for text in texts]


@settings(deadline=None)
@given(st.lists(st.lists(st.text("abé", min_size=1, max_size=3), max_size=30).map(" ".join), max_size=6))
def test_ids_number_distinct_words_in_order_of_occurrence(texts: list[str]) -> None:
    expected = [[list(dict.fromkeys(text.split())).index(word) for word in text.split()] for text in texts]
    assert as_lists(words_of(text_rows(texts)).ids) == expected


def test_long_text_is_split() -> None:
    text = " ".join(f"word{i % 30_000}" for i in range(100_000))
    assert as_lists(words_of(text_rows([text])).ids) == [[i % 30_000 for i in range(100_000)]]


def test_words_of_equal_hash_are_distinguished() -> None:
    words = ["a", "b", "\0a", "a\0", "\0", "ab", "ba", "abcdefgh", "abcdefghi", "abcdefgh\0", "abcdefgi"]
    for hash_mask in (0, 1, EVERY_BIT):
        assert as_lists(words_of(text_rows([" ".join(words * 2)]), hash_mask).ids) == [[*range(len(words))] * 2]
