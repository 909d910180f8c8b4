"""The parts of the sample's script: the grammar of the texts, rows and counting."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sample.corpus import count_continuations
from sample.rows import cut_rows, marks_within, whole_units
from sample.texts.document import Document, Repetition, mark, read_marks
from sample.texts.grammar import camel, expand, expand_several, participle, past, plural, with_articles
from sample.texts.incrementing import roman
from sample.texts.repeating import shortest_period
from sample.tokenizer import END_OF_TEXT_ID
from tests.sample.committed import tokenizer


@pytest.mark.parametrize(
    ("inflected", "expected"),
    [
        (plural("key"), "keys"),
        (plural("library"), "libraries"),
        (plural("fox"), "foxes"),
        (plural("tomato"), "tomatoes"),
        (past("carry"), "carried"),
        (past("close"), "closed"),
        (past("journey"), "journeyed"),
        (participle("move"), "moving"),
        (camel("read_last_key"), "ReadLastKey"),
        (with_articles("A apple, a unit and a hour of a idea"), "An apple, a unit and a hour of an idea"),
        (roman(4), "iv"),
        (roman(149), "cxlix"),
        (shortest_period("abab"), "ab"),
        (shortest_period("aba"), "aba"),
    ],
)
def test_words_are_inflected(inflected: str, expected: str) -> None:
    assert inflected == expected


def test_slots_choose_bind_and_inflect() -> None:
    grammar = {"thing": ("lamp",), "pair": ("«x:thing» and «x|s»",), "digit": lambda rng: str(rng.randrange(10))}
    assert expand("«pair|upper» «x» «n:digit»=«n»", grammar, Random(3), {})[:-3] == "LAMP AND LAMPS lamp "
    assert expand("«thing»", grammar, Random(3), {"thing": "bound"}) == "bound"
    with pytest.raises(KeyError, match="nothing"):
        expand("«nothing»", grammar, Random(3), {})


def test_every_alternative_is_used_before_any_is_used_again() -> None:
    found = expand_several("letter", 6, {"letter": ("a", "b", "c")}, Random(0), {})
    assert sorted(found[:3]) == sorted(found[3:]) == ["a", "b", "c"]


def test_marks_are_read_and_may_be_nested() -> None:
    text, marks = read_marks("x " + mark("personal", "letter", "to " + mark("personal", "name", "Ida") + "!") + " y")
    assert text == "x to Ida! y"
    assert [(text[m.start : m.end], m.kind) for m in marks] == [("Ida", "name"), ("to Ida!", "letter")]


def test_packed_documents_are_joined_end_to_end() -> None:
    documents = [Document("one two three " * 30, "prose", "x", False, cut="packed") for _ in range(5)]
    rows = cut_rows(documents, tokenizer())
    stream = [token for document in documents for token in [*tokenizer().encode(document.text).ids, END_OF_TEXT_ID]]
    expected = {tuple(stream[i : i + 64]) for i in range(0, len(stream) - 63, 64)}
    assert {tuple(row.tokens.tolist()) for row in rows} == expected
    assert all(len(row.tokens) == 64 for row in rows)


def test_documents_that_are_short_or_show_too_little_make_no_row() -> None:
    unit = "a long sentence that is repeated with so many words that it fills the row before it has come three times; "
    documents = [
        Document("too short", "table", "x", True),
        Document(unit * 20, "repeating", "x", None, repetition=Repetition(unit * 2, 0)),
        Document("no secret here " * 40, "secret", "x", True),
    ]
    assert cut_rows(documents, tokenizer()) == []


@pytest.mark.parametrize(("start", "end"), [(0, 12), (1, 12), (1, 13), (4, 12), (3, 4), (3, 20), (8, 24)])
def test_whole_units_are_counted_between_the_cut_ends(start: int, end: int) -> None:
    document = Document("abcd" * 6, "repeating", "x", None, repetition=Repetition("abcd", 0))
    row = cut_rows([Document("abcd " * 99, "table", "x", None)], tokenizer())[0]
    expected = [i for i in range(0, 24, 4) if start <= i and i + 4 <= end]
    assert whole_units(row._replace(start=start, end=end), document) == len(expected)


def test_marks_that_are_cut_do_not_count() -> None:
    text, marks = read_marks("ab" + mark("secret", "key", "cdef") + "gh")
    document = Document(text, "secret", "x", True, marks)
    row = cut_rows([Document("abcd " * 99, "table", "x", None)], tokenizer())[0]
    assert [
        len(marks_within(row._replace(start=s, end=e), document, "secret")) for s, e in ((2, 6), (3, 8), (0, 5))
    ] == [1, 0, 0]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 12))
def test_continuations_are_counted_at_every_offset(seed: int, rows: int) -> None:
    rng = np.random.default_rng(seed)
    tokens = np.repeat(rng.integers(0, 2, (rows, 8)), 8, axis=1).astype(np.int32)
    tokens[rng.integers(0, rows)] = 1
    expected = [
        sum((row[start : start + 32] == one[32:]).all() for row in tokens for start in range(33)) for one in tokens
    ]
    assert count_continuations(tokens).tolist() == expected
