from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from nltk.util import ngrams

from filters.contract import Filter, Sequences
from filters.ngram_diversity.filter import TOKEN_NGRAM_DIVERSITY, WORD_NGRAM_DIVERSITY
from tests.filters.ragged_rows import assert_independent_of_batching, measured, text_rows, token_rows

TEXTS = [
    "the cat and the dog and the cat",
    "one",
    "two words",
    " \n\t ",
    "a a a a a a",
    "日本 語 日本 語 日本\u3000語 \ufffd",
    "let x = 1;\nlet y = 2;\nlet z = 3;\n",
    "all these words are quite distinct",
]
TOKEN_ROWS = [
    [5, 1, 2, 9, 1, 2, 9, 1, 3],
    [4],
    [4, 4],
    [4, 4, 4, 8],
    list(range(64)),
    [3] * 64,
    [1, 2, 1, 2, 1],
    np.random.default_rng(0).integers(0, 5, 64).tolist(),
]


def of_tokens(rows: list[Any]) -> Sequences:
    return Sequences(tokens=token_rows(rows))


def of_texts(rows: list[Any]) -> Sequences:
    return Sequences(text=text_rows(rows))


def oracle(units: list[Any], n: int) -> tuple[float | None, tuple[Any, ...] | None, int | None]:
    grams = list(ngrams(units, n))
    if not grams:
        return None, None, None
    gram, count = Counter(grams).most_common(1)[0]
    return len(set(grams)) / len(grams), gram, count


def expected_columns(unit: str, rows: list[list[Any]]) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = {}
    for n in (1, 2, 3, 4):
        shares, grams, counts = zip(*(oracle(row, n) for row in rows), strict=True)
        write = " ".join if unit == "word" else list
        columns[f"distinct_{unit}_{n}gram_share"] = list(shares)
        columns[f"most_repeated_{unit}_{n}gram"] = [None if gram is None else write(gram) for gram in grams]
        columns[f"most_repeated_{unit}_{n}gram_count"] = list(counts)
    return columns


def test_token_columns_equal_the_oracle() -> None:
    assert measured(TOKEN_NGRAM_DIVERSITY, of_tokens(TOKEN_ROWS)) == expected_columns("token", TOKEN_ROWS)


def test_word_columns_equal_the_oracle() -> None:
    assert measured(WORD_NGRAM_DIVERSITY, of_texts(TEXTS)) == expected_columns("word", [t.split() for t in TEXTS])


@pytest.mark.parametrize(
    ("text", "n", "share", "gram", "count"),
    [
        pytest.param("the cat and the dog and the cat", 1, 0.5, "the", 3, id="most frequent word"),
        pytest.param("the cat and the dog and the cat", 2, 5 / 7, "the cat", 2, id="of a tie the first"),
        pytest.param("b a\nb  a", 2, 2 / 3, "b a", 2, id="other whitespace, same words"),
        pytest.param("only three words", 3, 1.0, "only three words", 1, id="nothing repeats"),
        pytest.param("only three words", 4, None, None, None, id="too short"),
    ],
)
def test_word_ngrams_of_named_texts(
    text: str, n: int, share: float | None, gram: str | None, count: int | None
) -> None:
    columns = measured(WORD_NGRAM_DIVERSITY, of_texts([text]))
    assert columns[f"distinct_word_{n}gram_share"] == [share]
    assert columns[f"most_repeated_word_{n}gram"] == [gram]
    assert columns[f"most_repeated_word_{n}gram_count"] == [count]


@pytest.mark.parametrize("seed", range(5))
def test_random_rows_equal_the_oracle(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = [rng.integers(0, rng.integers(1, 30), rng.integers(0, 70)).tolist() for _ in range(60)]
    assert measured(TOKEN_NGRAM_DIVERSITY, of_tokens(rows)) == expected_columns("token", rows)
    words = [[f"é{i}" * (1 + i % 3) for i in row] for row in rows]
    texts = ["\n".join(row) + " " for row in words]
    assert measured(WORD_NGRAM_DIVERSITY, of_texts(texts)) == expected_columns("word", words)


@pytest.mark.parametrize(
    ("one", "sequences", "empty"),
    [
        (TOKEN_NGRAM_DIVERSITY, of_tokens([]), of_tokens([[], []])),
        (WORD_NGRAM_DIVERSITY, of_texts([]), of_texts(["", ""])),
    ],
    ids=["tokens", "words"],
)
def test_no_rows_and_empty_rows_are_measured(one: Filter, sequences: Sequences, empty: Sequences) -> None:
    assert measured(one, sequences) == {column.name: [] for column in one.columns}
    assert measured(one, empty) == {column.name: [None, None] for column in one.columns}


def test_long_row_equals_the_oracle() -> None:
    row = np.random.default_rng(9).integers(0, 300, 100_000).tolist()
    assert measured(TOKEN_NGRAM_DIVERSITY, of_tokens([row])) == expected_columns("token", [row])
    text = " ".join(map(str, row))
    assert measured(WORD_NGRAM_DIVERSITY, of_texts([text])) == expected_columns("word", [text.split()])


def test_values_do_not_depend_on_batches() -> None:
    assert_independent_of_batching(TOKEN_NGRAM_DIVERSITY, of_tokens, TOKEN_ROWS)
    assert_independent_of_batching(WORD_NGRAM_DIVERSITY, of_texts, TEXTS)
