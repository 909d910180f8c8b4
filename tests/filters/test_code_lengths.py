from __future__ import annotations

import heapq
import math
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from filters.compressibility.code_lengths import code_lengths
from tests.filters.ragged_rows import text_rows


def shannon_oracle(text: str) -> float:
    """Return the sum of p * ceil(-log2 p), in exact fractions."""
    total = Fraction(0)
    for count in Counter(text).values():
        share = Fraction(count, len(text))
        total += share * next(bits for bits in range(64) if share * 2**bits >= 1)
    return float(total)


def huffman_oracle(text: str) -> float:
    """Return the mean code length of a Huffman tree, built node by node."""
    heap = [(count, [character]) for character, count in Counter(text).items()]
    lengths: Counter[str] = Counter()
    heapq.heapify(heap)
    while len(heap) > 1:
        (one, left), (other, right) = heapq.heappop(heap), heapq.heappop(heap)
        lengths.update(left + right)
        heapq.heappush(heap, (one + other, left + right))
    return sum(count * lengths[character] for character, count in Counter(text).items()) / max(len(text), 1)


def lengths_of(texts: list[str]) -> tuple[list[float], list[float]]:
    shannon, huffman = code_lengths(text_rows(texts))
    return shannon.tolist(), huffman.tolist()


@pytest.mark.parametrize(
    ("text", "shannon", "huffman"),
    [
        pytest.param("", 0, 0, id="nothing"),
        pytest.param("a", 0, 0, id="one character"),
        pytest.param("aaaa", 0, 0, id="one distinct character"),
        pytest.param("ab", 1, 1, id="two"),
        pytest.param("aab", (2 * 1 + 1 * 2) / 3, 1, id="a third takes two bits in Shannon's code"),
        pytest.param("aabc", 1.5, 1.5, id="powers of two"),
        pytest.param("abcdefgh", 3, 3, id="eight equally frequent"),
        pytest.param("a" * 63 + "b", (63 * 1 + 1 * 6) / 64, 1, id="1/64 takes exactly six bits"),
        pytest.param("a" * 64 + "b", (64 * 1 + 1 * 7) / 65, 1, id="1/65 takes seven"),
        pytest.param("éé🙂日", 1.5, 1.5, id="characters are code points, not bytes"),
        pytest.param("e\u0301e", (2 * 1 + 1 * 2) / 3, 1, id="a combining accent is a character"),
        pytest.param("aaaabbbccd", (4 * 2 + 3 * 2 + 2 * 3 + 1 * 4) / 10, 1.9, id="four frequencies"),
    ],
)
def test_code_lengths_of_named_texts(text: str, shannon: float, huffman: float) -> None:
    assert lengths_of([text]) == ([pytest.approx(shannon, rel=1e-15)], [pytest.approx(huffman, rel=1e-15)])


@settings(deadline=None)  # the first call compiles
@given(st.lists(st.text("aaaabbcde é🙂", max_size=80) | st.text(max_size=80), max_size=5))
def test_code_lengths_of_random_texts_equal_the_oracles(texts: list[str]) -> None:
    shannon, huffman = lengths_of(texts)
    assert shannon == pytest.approx([shannon_oracle(text) for text in texts], rel=1e-15)
    assert huffman == pytest.approx([huffman_oracle(text) for text in texts], rel=1e-15)


@pytest.mark.parametrize("alphabet", [2, 30, 100, 101, 5000])
def test_code_lengths_are_within_one_bit_of_the_entropy(alphabet: int) -> None:
    rng = np.random.default_rng(alphabet)
    weights = rng.pareto(1.0, alphabet) + 0.01
    characters = rng.choice(alphabet, 20_000, p=weights / weights.sum()) + 0x4E00
    text = "".join(map(chr, characters))
    shannon, huffman = lengths_of([text])
    entropy = -sum(count / len(text) * math.log2(count / len(text)) for count in Counter(text).values())
    assert entropy - 1e-9 <= huffman[0] <= shannon[0] < entropy + 1
    assert shannon == [pytest.approx(shannon_oracle(text))]
    assert huffman == [pytest.approx(huffman_oracle(text))]


def test_shannon_length_equals_the_published_formula() -> None:
    for text in ("The quick brown fox", "aaaabbbccd" * 7, "日本語のテキスト 🙂🙂"):
        shares = [count / len(text) for count in Counter(text).values()]
        published = sum(share * math.ceil(-math.log2(share)) for share in shares)
        assert lengths_of([text])[0] == [pytest.approx(published)]


def test_no_rows_and_a_long_row_are_measured() -> None:
    assert lengths_of([]) == ([], [])
    text = "".join(map(chr, np.random.default_rng(2).integers(97, 123, 400_000)))
    shannon, huffman = lengths_of(["ab", text, "ab"])
    assert shannon == [1, pytest.approx(shannon_oracle(text)), 1]
    assert huffman == [1, pytest.approx(huffman_oracle(text)), 1]
