from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from filters.contract import RaggedArray, Sequences
from filters.detokenization import FILTER, decode_ids, decode_tokens
from filters.vocabulary import Vocabulary, read_vocabulary
from tests.filters.ragged_rows import (
    as_texts,
    assert_independent_of_batching,
    measured,
    text_rows,
    token_rows,
)
from tests.filters.tiny_tokenizer import (
    PYTHIA_TOKENIZER,
    byte_level_tokenizer,
    tokenizer_with_holes,
    word_piece_tokenizer,
)

WITHOUT_PYTHIA = pytest.mark.skipif(
    not PYTHIA_TOKENIZER.is_file(), reason="the Pythia tokenizer is not on this machine"
)


@cache
def vocabulary_of(name: str) -> Vocabulary:
    make = {"tiny": byte_level_tokenizer, "word piece": word_piece_tokenizer, "holes": tokenizer_with_holes}
    return read_vocabulary(make[name]() if name in make else PYTHIA_TOKENIZER)


def decoded(rows: list[list[int]], vocabulary: Vocabulary) -> list[str]:
    return as_texts(decode_tokens(token_rows(rows), vocabulary))


def by_tokenizer(rows: list[list[int]], tokenizer: Tokenizer) -> list[str]:
    return [tokenizer.decode(row, skip_special_tokens=False) for row in rows]


@pytest.mark.parametrize("name", ["tiny", "holes", "word piece"])
def test_ids_outside_the_vocabulary_decode_to_nothing(name: str) -> None:
    vocabulary = vocabulary_of(name)
    known = np.flatnonzero(vocabulary.in_vocabulary)[[3, 1, 2]]
    unused = [*np.flatnonzero(~vocabulary.in_vocabulary), vocabulary.size]
    ids = np.array([known, [known[0], unused[0], vocabulary.size + 9], [-1, vocabulary.size, known[2]]])
    expected = [known.tolist(), known[:1].tolist(), known[2:].tolist()]
    assert decode_ids(ids, vocabulary).to_pylist() == by_tokenizer(expected, vocabulary.tokenizer)
    assert decode_ids(ids[:0], vocabulary).to_pylist() == []


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("the cat sat", id="words"),
        pytest.param("<|endoftext|>the<|padding|>", id="special tokens are kept"),
        pytest.param("  x    y   z", id="runs of spaces"),
        pytest.param("日本語 🙂 é", id="multibyte characters"),
        pytest.param("\ufffd\x00\x7f\r\n", id="replacement and control characters"),
        pytest.param("", id="nothing"),
    ],
)
def test_decoding_restores_the_encoded_text(text: str) -> None:
    vocabulary = vocabulary_of("tiny")
    ids = vocabulary.tokenizer.encode(text, add_special_tokens=False).ids
    assert decoded([ids], vocabulary) == [text]


def test_truncated_characters_become_replacement_characters() -> None:
    vocabulary = vocabulary_of("tiny")
    # Three tokens per character: the tokenizer has learned no merges for these.
    ids = vocabulary.tokenizer.encode("\u4e01\u4e02").ids
    assert len(ids) > 2
    assert decoded([ids[:-1], ids[1:], ids], vocabulary)[2] == "\u4e01\u4e02"
    assert "\ufffd" in decoded([ids[:-1]], vocabulary)[0]
    assert decoded([ids[:-1], ids[1:]], vocabulary) == by_tokenizer([ids[:-1], ids[1:]], vocabulary.tokenizer)


@pytest.mark.parametrize("name", ["tiny", "word piece", pytest.param("Pythia", marks=WITHOUT_PYTHIA)])
@settings(deadline=None)  # the first call compiles
@given(data=st.data())
def test_random_ids_are_decoded_like_the_tokenizer(name: str, data: st.DataObject) -> None:
    vocabulary = vocabulary_of(name)
    broken = np.flatnonzero(~vocabulary.is_whole).tolist()
    token = st.integers(0, vocabulary.size - 1) | st.sampled_from(broken)
    rows = data.draw(st.lists(st.lists(token, max_size=12), max_size=5))
    assert decoded(rows, vocabulary) == by_tokenizer(rows, vocabulary.tokenizer)


@pytest.mark.parametrize("name", ["tiny", pytest.param("Pythia", marks=WITHOUT_PYTHIA)])
def test_many_random_rows_are_decoded_like_the_tokenizer(name: str) -> None:
    vocabulary = vocabulary_of(name)
    ids = np.random.default_rng(3).integers(0, vocabulary.size, (2000, 64), dtype=np.int32)
    tokens = RaggedArray(ids.ravel(), np.arange(0, ids.size + 1, 64))
    expected = vocabulary.tokenizer.decode_batch(ids.tolist(), skip_special_tokens=False)
    assert as_texts(decode_tokens(tokens, vocabulary)) == expected


def test_rows_do_not_depend_on_other_rows() -> None:
    vocabulary = vocabulary_of("tiny")
    ids = np.random.default_rng(4).integers(0, vocabulary.size, (50, 9)).tolist()
    assert decoded(ids, vocabulary) == [decoded([row], vocabulary)[0] for row in ids]


def test_holes_of_the_vocabulary_decode_to_no_text() -> None:
    vocabulary = vocabulary_of("holes")
    rows = [[0, 1, 2, 4, 3], [5], [1]]
    assert decoded(rows, vocabulary) == by_tokenizer(rows, vocabulary.tokenizer) == ["a b<end>", "\ufffd", ""]


@pytest.mark.parametrize("name", ["tiny", "word piece"])
def test_no_rows_empty_rows_and_a_long_row_are_decoded(name: str) -> None:
    vocabulary = vocabulary_of(name)
    assert decoded([], vocabulary) == []
    assert decoded([[], [1], []], vocabulary) == by_tokenizer([[], [1], []], vocabulary.tokenizer)
    long_row = np.random.default_rng(5).integers(0, vocabulary.size, 100_000).tolist()
    assert decoded([long_row], vocabulary) == by_tokenizer([long_row], vocabulary.tokenizer)


@pytest.mark.parametrize("token", [-1, 6, 2**31 - 1, 2**32])
def test_id_out_of_range_is_rejected(token: int) -> None:
    with pytest.raises(ValueError, match="expected token ids from 0 to 5, found"):
        decode_tokens(RaggedArray(np.array([0, token]), np.array([0, 2])), vocabulary_of("holes"))


def test_int64_and_read_only_tokens_are_accepted() -> None:
    values = np.array([0, 2], np.int64)
    values.flags.writeable = False
    assert as_texts(decode_tokens(RaggedArray(values, np.array([0, 2])), vocabulary_of("holes"))) == ["a b"]


def test_filter_returns_the_text() -> None:
    rows = ["plain", "日本 \ufffd", "", "x" * 100_000]
    assert measured(FILTER, Sequences(text=text_rows(rows))) == {"text": rows}
    assert measured(FILTER, Sequences(text=text_rows([]))) == {"text": []}
    assert_independent_of_batching(FILTER, lambda part: Sequences(text=text_rows(part)), rows)
