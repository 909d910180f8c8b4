"""The longest match equals a search of every run of every sequence at every place of the corpus."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.longest_match.matching import add_matches, index_runs, longest_matches, merge_matches, no_matches
from tests.filters.ragged_rows import token_rows

Rows = list[list[int]]
LARGE = 2**31 - 1


def rows_of(largest: int) -> st.SearchStrategy[Rows]:
    return st.lists(st.lists(st.integers(0, largest), max_size=10), max_size=6)


def places_of(run: list[int], corpus: Rows) -> int:
    return sum(row[start : start + len(run)] == run for row in corpus for start in range(len(row) - len(run) + 1))


def match_plainly(sequence: list[int], corpus: Rows) -> int:
    """Return the longest run with a place in the corpus; with two, if the corpus holds the whole sequence."""
    needed = 2 if sequence and places_of(sequence, corpus) else 1
    runs = [sequence[start:stop] for start in range(len(sequence)) for stop in range(start + 1, len(sequence) + 1)]
    return max((len(run) for run in runs if places_of(run, corpus) >= needed), default=0)


def found(sequences: Rows, corpus: Rows, token_type: type[np.generic] = np.int32, parts: int = 1) -> list[int]:
    indexed = token_rows(sequences)
    automaton = index_runs(indexed)
    merged = no_matches(automaton)
    for part in range(parts):
        longest = no_matches(automaton)
        of_part = token_rows(corpus[part::parts])
        add_matches(of_part._replace(values=of_part.values.astype(token_type)), automaton, longest)
        merged = merge_matches(merged, longest)
    return longest_matches(indexed, automaton, merged).tolist()


@pytest.mark.parametrize("largest", [0, 1, 3])
@settings(deadline=None, max_examples=200)  # the first call compiles
@given(data=st.data())
def test_longest_match_equals_a_search_of_every_run(largest: int, data: st.DataObject) -> None:
    sequences, corpus = data.draw(rows_of(largest)), data.draw(rows_of(largest))
    if data.draw(st.booleans(), "sequences are rows of the corpus"):
        corpus = [*corpus, *sequences]
    parts = data.draw(st.integers(1, 3))
    token_type = data.draw(st.sampled_from([np.uint8, np.uint16, np.int32]))
    assert found(sequences, corpus, token_type, parts) == [match_plainly(each, corpus) for each in sequences]


@pytest.mark.parametrize(
    ("sequence", "corpus", "expected"),
    [
        pytest.param([1, 2, 3, 4], [[1, 2, 3, 4]], 0, id="only its own place"),
        pytest.param([1, 2, 3, 4], [[1, 2, 3, 4], [9, 2, 3, 9]], 2, id="its own row, and a run elsewhere"),
        pytest.param([1, 2, 3, 4], [[1, 2, 3, 4]] * 2, 4, id="a copy"),
        pytest.param([1, 2, 3, 4], [[0, 1, 2, 3, 4, 0, 2, 3]], 2, id="cut from a longer row"),
        pytest.param([1, 2, 3, 4], [[9, 1, 2, 3, 9]], 3, id="from outside"),
        pytest.param([1, 2, 3, 4], [[1, 2], [3, 4]], 2, id="never across rows"),
        pytest.param([5, 5, 5, 5], [[5, 5, 5, 5]], 3, id="a repetition matches itself, shifted"),
        pytest.param([], [[1]], 0, id="no tokens"),
        pytest.param([LARGE, 0, LARGE], [[0, LARGE, LARGE]], 2, id="largest token id"),
    ],
)
def test_place_of_the_sequence_itself_does_not_count(sequence: list[int], corpus: Rows, expected: int) -> None:
    assert found([sequence], corpus) == [expected] == [match_plainly(sequence, corpus)]


def test_time_grows_with_the_tokens() -> None:
    """Repetitions, and runs that end at many places, take no longer than other tokens."""
    generator = np.random.default_rng(0)
    few = generator.integers(0, 2, 100_000).tolist()
    for tokens in ([0] * 100_000, few, [0, 1] * 50_000, generator.integers(0, 50_000, 100_000).tolist()):
        found([[1]], [[1]])  # compiles
        started = time.process_time()
        assert found([tokens], [tokens[::-1], tokens]) >= [2]
        assert time.process_time() - started < 2
