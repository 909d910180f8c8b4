from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from filters.code_or_natural_language.filter import (
    FILTER,
    NATURAL_LANGUAGE_THRESHOLD,
    WEIGHTS_FILE,
    Classifier,
    load_classifier,
    natural_language_scores,
)
from filters.code_or_natural_language.kernel import (
    EVIDENCE_EXPONENT,
    EVIDENCE_PRIOR,
    LONGEST_TEXT,
    SHAPE_MULTIPLIERS,
    SHORTEST_SHAPE_GRAM,
    SLOT_BITS,
    SYMBOL_MULTIPLIERS,
)
from filters.contract import Sequences
from tests.filters.ragged_rows import assert_independent_of_batching, byte_rows, measured, text_rows

EXAMPLES_FILE = Path(__file__).with_name("code_or_natural_language_examples.txt")
EXAMPLES = [
    (label, name, text[:-1])
    for label, name, text in re.findall(
        r"(?ms)^=== ([\w ]+): ([^\n]+)\n(.*?)(?=^=== |\Z)", EXAMPLES_FILE.read_text("utf-8")
    )
]
ROWS = [text for _, _, text in EXAMPLES]


def columns_of(texts: list[Any]) -> dict[str, list[Any]]:
    return measured(FILTER, Sequences(text=text_rows(texts)))


@pytest.mark.parametrize(("label", "name", "text"), EXAMPLES, ids=[name for _, name, _ in EXAMPLES])
def test_examples_are_classified_with_confidence(label: str, name: str, text: str) -> None:
    columns = columns_of([text])
    assert columns["is_code"] == [label == "code"]
    # No example is a borderline case: a score near the threshold would mean that the classifier is guessing.
    assert columns["nl_scores"][0] < 0.2 if label == "code" else columns["nl_scores"][0] > 0.8


@pytest.mark.parametrize("sign", ["// ", " * ", "# ", "-- ", "; ", "% ", " ~ ", "    "])
def test_licence_in_any_comment_style_is_natural_language(sign: str) -> None:
    licence = {name: text for _, name, text in EXAMPLES}["disclaimer in capitals"]
    bare = licence.replace(" * ", "")
    inside = "".join(f"{sign}{line}\n" for line in bare.splitlines())
    assert columns_of([inside])["is_code"] == [False]


@pytest.mark.parametrize("length", [40, 80, 160])
def test_windows_of_a_text_are_classified_like_the_text(length: int) -> None:
    texts = {label: [t for at, _, t in EXAMPLES if at == label and len(t) >= 160] for label, _, _ in EXAMPLES}
    for label, of_label in texts.items():
        windows = [t[begin : begin + length] for t in of_label for begin in range(0, len(t) - length + 1, 7)]
        right = np.array(columns_of(windows)["is_code"]) == (label == "code")
        assert right.mean() > {40: 0.8, 80: 0.9, 160: 0.95}[length]


def oracle_symbol(character: int) -> str:
    return {"\t": " ", "\r": "\n"}.get(chr(character), "0" if chr(character) in "0123456789" else chr(character))


def oracle_shape(symbol: str) -> str:
    if "a" <= symbol <= "z":
        return "a"
    if "A" <= symbol <= "Z":
        return "A"
    return symbol if ord(symbol) < 0x80 else "\x80"


def oracle_slots(data: bytes) -> list[int]:
    """Build the two streams as strings, and hash every n-gram of both with Python integers."""
    symbols = re.sub(r"(?s)(.)\1*", lambda run: _shortened(run[0]), "".join(map(oracle_symbol, data)))
    shapes = re.sub(r"([aA0 \x80])\1+", r"\1", "".join(map(oracle_shape, symbols)))
    slots = []
    for stream, multipliers, shortest in (
        (symbols, SYMBOL_MULTIPLIERS, 1),
        (shapes, SHAPE_MULTIPLIERS, SHORTEST_SHAPE_GRAM),
    ):
        for n in range(shortest, len(multipliers)):
            for begin in range(len(stream) - n + 1):
                gram = int.from_bytes(stream[begin : begin + n].encode("latin-1"), "big")
                slots.append(gram * int(multipliers[n]) % 2**64 >> (64 - SLOT_BITS))
    return slots


def _shortened(run: str) -> str:
    return run[: {" ": 1, "0": 2}.get(run[0], 3)]


def oracle_score(data: bytes, classifier: Classifier) -> float:
    slots = oracle_slots(data[:LONGEST_TEXT])
    total = sum(int(classifier.weights[slot]) for slot in slots)
    evidence = 5.0 / (len(slots) + EVIDENCE_PRIOR) ** EVIDENCE_EXPONENT
    return 1 / (1 + math.exp(-(classifier.bias + classifier.scale * total * evidence)))


def test_scores_of_the_examples_equal_the_oracle() -> None:
    expected = [oracle_score(text.encode(), load_classifier()) for text in ROWS]
    assert natural_language_scores(text_rows(ROWS)).tolist() == pytest.approx(expected, abs=1e-12)


TEXTS = st.text(st.sampled_from("aabzAZ  \t\r\n\n0123{}();==--.,éß日🙂\ufffd\x00"), max_size=60) | st.text(max_size=60)


@settings(deadline=None, max_examples=60)  # the machine may be busy
@given(st.lists(TEXTS, max_size=4))
def test_scores_of_random_texts_equal_the_oracle(texts: list[str]) -> None:
    expected = [oracle_score(text.encode(), load_classifier()) for text in texts]
    assert natural_language_scores(text_rows(texts)).tolist() == pytest.approx(expected, abs=1e-12)


def test_invalid_utf8_is_scored() -> None:
    data = [np.random.default_rng(seed).integers(0, 256, 200).astype(np.uint8).tobytes() for seed in range(5)]
    expected = [oracle_score(row, load_classifier()) for row in data]
    assert natural_language_scores(byte_rows(data)).tolist() == pytest.approx(expected, abs=1e-12)


def test_score_ignores_indentation_and_length_of_rulers() -> None:
    texts = ["Heading\n=====\n  item 1\n", "Heading\n==========\n\t\titem 1\n"]
    assert len(set(columns_of(texts)["nl_scores"])) == 1


def test_no_rows_empty_rows_and_a_long_row_are_scored() -> None:
    assert columns_of([]) == {"nl_scores": [], "is_code": []}
    empty, one_byte = columns_of(["", "x"])["nl_scores"]
    assert 0.1 < empty < 0.9
    assert 0.1 < one_byte < 0.9
    sentence = "The ferry left at noon, and nobody on the quay could say when the next one would come. "
    assert columns_of([sentence * 5_000])["is_code"] == [False]
    # The filter reads at most LONGEST_TEXT bytes.
    prose = (sentence * (LONGEST_TEXT // len(sentence) + 1))[:LONGEST_TEXT]
    assert len(set(columns_of([prose, prose + "{};\n" * 100_000])["nl_scores"])) == 1


def test_scores_do_not_depend_on_batches() -> None:
    assert_independent_of_batching(FILTER, lambda rows: Sequences(text=text_rows(rows)), [*ROWS, "", "x", "é\ufffd"])


def test_is_code_agrees_with_the_score() -> None:
    columns = columns_of(ROWS)
    assert columns["is_code"] == [score < NATURAL_LANGUAGE_THRESHOLD for score in columns["nl_scores"]]
    assert all(0 <= score <= 1 for score in columns["nl_scores"])


def test_weights_are_small_loaded_once_and_not_pickled() -> None:
    assert WEIGHTS_FILE.stat().st_size < 1_000_000
    load_classifier.cache_clear()
    with np.load(WEIGHTS_FILE, allow_pickle=False) as file:
        assert sorted(file.files) == ["bias", "scale", "weights"]
    columns_of(ROWS)
    columns_of(ROWS)
    assert load_classifier.cache_info().misses == 1


def test_weights_of_another_feature_space_are_rejected(tmp_path: Path) -> None:
    other = tmp_path / "other.npz"
    np.savez(other, weights=np.zeros(8, np.int8), scale=np.float64(1), bias=np.float64(0))
    with pytest.raises(ValueError, match=r"other\.npz: expected 524288 int8 weights, found int8 of shape \(8,\)"):
        load_classifier(other)
