"""A tokenizer's stored settings never change the tokens of a text, however the tokenizer is given."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

from filters import apply_filters
from filters.measuring import encode_text
from filters.tokenizer import read_tokenizer
from sample.paths import tokenizer_path
from utils import UserError

TEXTS = ["1 2 3 " * 100, "hello", "one<|endoftext|>two"]


def sample_tokenizer() -> Tokenizer:
    return Tokenizer.from_file(str(tokenizer_path()))


def template(single: str) -> processors.TemplateProcessing:
    return processors.TemplateProcessing(single=single, special_tokens=[("<|endoftext|>", 0)])


SETTINGS: dict[str, Callable[[Tokenizer], Any]] = {
    "truncation": lambda given: given.enable_truncation(16),
    "truncation on the left": lambda given: given.enable_truncation(16, direction="left"),
    "padding": lambda given: given.enable_padding(),
    "padding to a length": lambda given: given.enable_padding(length=32, direction="left"),
    "special token before": lambda given: setattr(given, "post_processor", template("<|endoftext|> $A")),
    "text twice": lambda given: setattr(given, "post_processor", template("$A $A")),
    "no text": lambda given: setattr(given, "post_processor", template("<|endoftext|>")),
    "dropout": lambda given: setattr(given.model, "dropout", 0.9),
    "special tokens as text": lambda given: setattr(given, "encode_special_tokens", True),
}


@pytest.fixture(params=SETTINGS)
def changed(request: pytest.FixtureRequest) -> Tokenizer:
    """Return the sample's tokenizer with one setting that changes what it gives for a text."""
    tokenizer = sample_tokenizer()
    SETTINGS[request.param](tokenizer)
    return tokenizer


def tokens_of(texts: list[str], tokenizer: Any) -> list[list[int]]:
    found: list[list[int]] = encode_text(pa.array(texts), read_tokenizer(tokenizer)).to_pylist()
    return found


def expected() -> list[list[int]]:
    return [sample_tokenizer().encode(text).ids for text in TEXTS]


def test_setting_of_a_given_tokenizer_changes_no_tokens(changed: Tokenizer) -> None:
    before = changed.encode_special_tokens, changed.truncation, changed.padding, repr(changed.post_processor)
    dropout = changed.model.dropout
    assert tokens_of(TEXTS, changed) == expected()
    after = changed.encode_special_tokens, changed.truncation, changed.padding, repr(changed.post_processor)
    assert (before, dropout) == (after, changed.model.dropout)  # the user's own object stays as it is


@pytest.mark.parametrize("directory", [False, True], ids=["file", "directory"])
def test_setting_in_a_file_changes_no_tokens(changed: Tokenizer, directory: bool, tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"
    changed.save(str(path))
    assert tokens_of(TEXTS, tmp_path if directory else str(path)) == expected()


def test_setting_of_a_transformers_tokenizer_changes_no_tokens(changed: Tokenizer) -> None:
    given = PreTrainedTokenizerFast(tokenizer_object=changed, pad_token="<|padding|>", split_special_tokens=True)
    given(["a b"], padding="max_length", truncation=True, max_length=4)
    assert tokens_of(TEXTS, given) == expected()


def test_directory_that_transformers_saved_after_a_call_is_read(tmp_path: Path) -> None:
    given = PreTrainedTokenizerFast(tokenizer_object=sample_tokenizer(), pad_token="<|padding|>")
    given(["a b", "a b c d e f"], padding=True, truncation=True, max_length=4)
    given.save_pretrained(tmp_path)
    assert json.loads((tmp_path / "tokenizer.json").read_text())["truncation"]["max_length"] == 4
    assert tokens_of(TEXTS, tmp_path) == expected()


def test_sampling_of_a_unigram_model_is_off() -> None:
    vocabulary = [("<unk>", 0.0), *((text, -1.0) for text in ("a", "b", "ab", "aba"))]
    tokenizer = Tokenizer(models.Unigram(vocabulary, 0, alpha=0.1))
    plain = Tokenizer(models.Unigram(vocabulary, 0))
    assert tokens_of(["abababab" * 20], tokenizer) == [plain.encode("abababab" * 20).ids]


def test_truncated_and_padded_texts_are_measured_whole() -> None:
    tokenizer = sample_tokenizer()
    tokenizer.enable_truncation(16)
    tokenizer.enable_padding()
    measured = apply_filters(pa.table({"text": TEXTS[:2]}), tokenizer, ("repetition",))
    assert measured["num_repeating"].to_pylist() == [99, None]


class Letters:
    """A pre-tokenizer in Python, which no file can hold."""

    def pre_tokenize(self, text: Any) -> None:
        text.split(lambda _, part: [part[i : i + 1] for i in range(len(str(part)))])


def test_tokenizer_with_python_parts_is_used_as_it_is_unless_a_setting_changes_tokens() -> None:
    tokenizer = sample_tokenizer()
    tokenizer.pre_tokenizer = pre_tokenizers.PreTokenizer.custom(Letters())
    assert tokens_of(["ab"], tokenizer) == [tokenizer.encode("ab").ids]
    tokenizer.enable_truncation(16)
    with pytest.raises(UserError, match=r"no_truncation\(\)"):
        read_tokenizer(tokenizer)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        pytest.param(3, "found int", id="number"),
        pytest.param("nowhere/tokenizer.json", "found no file", id="missing"),
        pytest.param(Path(__file__).parent, r"(?s)expected a tokenizer\.json in .*save_pretrained", id="directory"),
    ],
)
def test_what_is_no_tokenizer_is_rejected(given: Any, message: str) -> None:
    with pytest.raises(UserError, match=message):
        read_tokenizer(given)
