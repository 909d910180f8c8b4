from __future__ import annotations

from pathlib import Path

import pytest

from filters.vocabulary import Vocabulary, read_vocabulary
from tests.filters.ragged_rows import as_bytes
from tests.filters.tiny_tokenizer import (
    PYTHIA_TOKENIZER,
    byte_level_tokenizer,
    tokenizer_with_holes,
    word_piece_tokenizer,
)
from utils import UserError


def token_bytes(vocabulary: Vocabulary) -> list[bytes]:
    assert vocabulary.token_bytes is not None
    return as_bytes(vocabulary.token_bytes)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param("<|endoftext|>", b"<|endoftext|>", id="special token"),
        pytest.param("    ", b"    ", id="run of spaces"),
        pytest.param("Ġ", b" ", id="byte-level space"),
        pytest.param("Ċ", b"\n", id="byte-level newline"),
        pytest.param("Ń", b"\xad", id="last of the unprintable bytes"),
        pytest.param("é", b"\xe9", id="one byte of a character"),
        pytest.param("éé", b"\xe9\xe9", id="added token that reads as bytes"),
        pytest.param("日本", "日本".encode(), id="added token that does not"),
        pytest.param("a b\n", b"a b\n", id="added token with plain whitespace"),
        pytest.param("Ġa", b" a", id="added token in byte-level form"),
    ],
)
def test_token_content_has_the_expected_bytes(content: str, expected: bytes) -> None:
    tokenizer = byte_level_tokenizer()
    assert token_bytes(read_vocabulary(tokenizer))[tokenizer.token_to_id(content)] == expected


@pytest.mark.parametrize("path", [None, PYTHIA_TOKENIZER], ids=["tiny", "Pythia"])
def test_token_bytes_equal_the_decoding_of_the_tokenizer(path: Path | None) -> None:
    if path is not None and not path.is_file():
        pytest.skip("the Pythia tokenizer is not on this machine")
    vocabulary = read_vocabulary(path or byte_level_tokenizer())
    assert vocabulary.in_vocabulary.all()
    expected = vocabulary.tokenizer.decode_batch([[i] for i in range(vocabulary.size)], skip_special_tokens=False)
    found = token_bytes(vocabulary)
    assert [row.decode("utf-8", "replace") for row in found] == expected
    for row, is_whole in zip(found, vocabulary.is_whole, strict=True):
        assert is_whole == (row.decode("utf-8", "ignore").encode() == row)


def test_holes_are_marked_and_have_no_bytes() -> None:
    vocabulary = read_vocabulary(tokenizer_with_holes())
    assert vocabulary.size == 6
    assert vocabulary.in_vocabulary.tolist() == [True, False, True, True, False, True]
    assert token_bytes(vocabulary) == [b"a", b"", b" b", b"<end>", b"", b"\xc3"]
    assert vocabulary.is_whole.tolist() == [True, True, True, True, True, False]


def test_tokenizer_that_is_not_byte_level_has_no_token_bytes() -> None:
    vocabulary = read_vocabulary(word_piece_tokenizer())
    assert vocabulary.token_bytes is None
    assert vocabulary.in_vocabulary.tolist() == [True] * 6


def test_vocabulary_is_read_from_a_path(tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"
    byte_level_tokenizer().save(str(path))
    for given in (path, str(path)):
        assert token_bytes(read_vocabulary(given)) == token_bytes(read_vocabulary(byte_level_tokenizer()))


def test_error_names_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"expected a tokenizer\.json at .*nowhere, found no file"):
        read_vocabulary(tmp_path / "nowhere")


@pytest.mark.parametrize("content", ["", "{}", "[1, 2]", '{"model": 3}'])
def test_error_names_a_file_that_is_no_tokenizer(tmp_path: Path, content: str) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_text(content)
    with pytest.raises(UserError, match=r"tokenizer\.json, but it cannot be read"):
        read_vocabulary(path)
