"""Hash tables take time in proportion to the row, whatever the row holds."""

from __future__ import annotations

import string
import time
from collections.abc import Callable, Iterator
from itertools import islice, product

import numpy as np
import pytest

from features.exact_duplicates.windows import MULTIPLIER, count_windows, index_windows
from features.near_duplicates.similarity import number_shingles
from filters.contract import RaggedArray
from filters.hashing import draw_seed, mix
from filters.ngram_diversity.ngrams import count_ngrams
from filters.ngram_diversity.words import words_of
from tests.filters.ragged_rows import text_rows

MEGABYTE = 1_000_000
SECONDS = 0.5  # about ten times what these rows take; a chain through the table takes ten times as long at least


def seconds(work: Callable[[], object]) -> float:
    work()  # the first call compiles
    started = time.process_time()
    work()
    return time.process_time() - started


def three_letters() -> Iterator[str]:
    return map("".join, product(string.ascii_letters + string.digits, repeat=3))


REGULAR_WORDS: dict[str, Callable[[], Iterator[str]]] = {
    "three letters": three_letters,
    "three letters, backwards": lambda: (word[::-1] for word in three_letters()),
    "numbers": lambda: (f"{number:07d}" for number in range(MEGABYTE)),
    "hexadecimal numbers": lambda: (f"{number:x}" for number in range(MEGABYTE)),
    "long, different at the end": lambda: ("x" * 20 + word for word in three_letters()),
    "long, different at the start": lambda: (word + "x" * 20 for word in three_letters()),
    "ideographs": lambda: (chr(0x4E00 + i % 20_000) + chr(0x4E00 + i // 20_000) for i in range(MEGABYTE)),
}


@pytest.mark.parametrize("name", REGULAR_WORDS)
def test_megabyte_of_regular_words_is_split_fast(name: str) -> None:
    text = (
        " ".join(islice(REGULAR_WORDS[name](), 250_000)).encode()[:MEGABYTE].decode(errors="ignore").rpartition(" ")[0]
    )
    rows = text_rows([text])
    assert seconds(lambda: words_of(rows)) < SECONDS
    assert np.array_equal(words_of(rows).ids.values, np.arange(len(text.split())))


def ids_of_few_slots(number: int) -> np.ndarray:
    """Return token ids, int32, whose hash without a seed lies in a 64th of the slots of a table."""
    ids = np.arange(64 * number * 5 // 4, dtype=np.uint64)
    with np.errstate(over="ignore"):
        hashes = mix.py_func(ids)
    chosen = ids[(hashes & np.uint64(4 * number - 1)) < number // 16]
    return chosen[:number].astype(np.int32)


def test_ids_that_collide_without_a_seed_are_counted_fast() -> None:
    ids = ids_of_few_slots(1 << 17)
    row = RaggedArray(ids, np.array([0, len(ids)]))
    assert len(ids) == 1 << 17
    assert count_ngrams(row).distinct[0].tolist() == [len(ids)]
    assert seconds(lambda: count_ngrams(row)) < SECONDS
    assert seconds(lambda: number_shingles(row, np.array([0, 1]), 1)) < SECONDS


def test_windows_that_collide_under_the_fixed_multiplier_are_counted_fast() -> None:
    # Found by lattice reduction: the rolling hash of these tokens is 0, so any multiple can be added unnoticed.
    step = np.array([-56, -82, 72, 8, -99, 62, 224, 67])
    assert sum(int(token) * int(MULTIPLIER) ** (7 - place) for place, token in enumerate(step)) % 2**64 == 0
    windows = (2**30 + np.arange(MEGABYTE // 32)[:, None] * step).astype(np.int32)
    corpus = RaggedArray(windows.ravel(), np.array([0, windows.size]))

    def count() -> None:
        indexed, _ = index_windows(windows)
        counts = np.zeros(len(indexed.hashes), np.int64)
        count_windows(corpus, indexed, counts)
        assert counts.tolist() == [1] * len(windows)

    assert seconds(count) < SECONDS


def test_every_bit_of_a_hash_depends_on_every_bit_of_the_key() -> None:
    keys = np.random.default_rng(1).integers(0, 2**63, 2000).astype(np.uint64)
    with np.errstate(over="ignore"):
        for bit in range(64):
            changed = mix.py_func(keys) ^ mix.py_func(keys ^ np.uint64(1 << bit))
            shares = [np.mean(changed >> np.uint64(place) & np.uint64(1)) for place in range(64)]
            assert 0.4 < min(shares) <= max(shares) < 0.6


def test_seeds_differ() -> None:
    assert len({int(draw_seed()) for _ in range(8)}) == 8
