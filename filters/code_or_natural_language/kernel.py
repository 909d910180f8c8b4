"""The byte n-grams on which code and natural language are told apart, as numba kernels over UTF-8 bytes.

Two streams are read in one pass over a text. The *symbol* stream is the bytes themselves, digits alike, runs cut
short. The *shape* stream keeps only what kind each run is of (small letters, capitals, digits, bytes beyond
ASCII) and all punctuation, so that its n-grams reach further and know no vocabulary. Every n-gram is hashed to a
slot (feature hashing: Weinberger et al. 2009, arXiv:0902.2206), and a text is the bag of its slots.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from filters.compiled import compiled

SLOT_BITS = 19
SLOTS = 1 << SLOT_BITS
LONGEST_SYMBOL_GRAM = 5
SHORTEST_SHAPE_GRAM = 2
LONGEST_SHAPE_GRAM = 7
SLOTS_PER_BYTE = LONGEST_SYMBOL_GRAM + LONGEST_SHAPE_GRAM - SHORTEST_SHAPE_GRAM + 1
# A text is judged by so many bytes at its beginning, which bounds the memory that a batch takes.
LONGEST_TEXT = 1 << 20
# The sum of a text's weights is divided by (slots + prior) ** exponent. Neighbouring n-grams say much the same, so the
# evidence grows more slowly than their number: of the exponents 1/2, 3/4 and 1, 3/4 left held-out windows calibrated
# alike at every length. The prior, in slots, keeps texts of a few bytes near the middle.
EVIDENCE_EXPONENT = 0.75
EVIDENCE_PRIOR = 64.0

_SMALL, _CAPITAL, _DIGIT, _BLANK, _BEYOND_ASCII = ord("a"), ord("A"), ord("0"), ord(" "), 0x80


def _symbol_of_byte() -> NDArray[np.uint8]:
    """The symbol of each byte: itself, but every digit is 0, every blank a space, a carriage return a newline."""
    symbols = np.arange(256, dtype=np.uint8)
    symbols[ord("0") : ord("9") + 1] = _DIGIT
    symbols[ord("\t")] = _BLANK
    symbols[ord("\r")] = ord("\n")
    return symbols


def _shape_of_byte() -> NDArray[np.uint8]:
    """The shape of each byte: its symbol, but all small letters, all capitals, all beyond ASCII are alike."""
    shapes = _symbol_of_byte()
    shapes[ord("a") : ord("z") + 1] = _SMALL
    shapes[ord("A") : ord("Z") + 1] = _CAPITAL
    shapes[0x80:] = _BEYOND_ASCII
    return shapes


def _longest_run() -> NDArray[np.int64]:
    """How often a symbol is counted within one run of it: indentation and rulers say no more when longer."""
    runs = np.full(256, 3, np.int64)
    runs[_BLANK] = 1
    runs[_DIGIT] = 2
    return runs


SYMBOL_OF_BYTE = _symbol_of_byte()
SHAPE_OF_BYTE = _shape_of_byte()
LONGEST_RUN = _longest_run()
# A shape run is one shape, whatever its length, for these; other punctuation is repeated as the symbols are.
IS_MERGED_SHAPE = np.isin(np.arange(256), (_SMALL, _CAPITAL, _DIGIT, _BLANK, _BEYOND_ASCII))
# Odd multipliers of multiplicative hashing (Knuth, TAOCP 6.4), drawn once at random: one for each stream and length.
SYMBOL_MULTIPLIERS = np.array(
    [0x0, 0x70BA608F0E8538D5, 0x72016EF8AF45EE4F, 0x494F103610E6A747, 0x75840F1E98B403D7, 0x797EC4AFB595B05D], np.uint64
)
SHAPE_MULTIPLIERS = np.array(
    [
        0x0,
        0x0,
        0x7FF27F977ED8FA7B,
        0x54F9D2BE76AA38AD,
        0x58944518A56978B7,
        0x4A32BD8CF6C59217,
        0x538C9CB8308B551B,
        0x512AFC011B01DEE1,
    ],
    np.uint64,
)
_SHIFT = np.uint64(64 - SLOT_BITS)
_BYTE = np.uint64(8)
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)


@compiled
def gram_slots(text: NDArray[np.uint8], slots: NDArray[np.int32]) -> int:
    """Write the slot of every n-gram of one text into `slots` (SLOTS_PER_BYTE a byte suffice); how many there are."""
    count = 0
    symbol_window = np.uint64(0)
    shape_window = np.uint64(0)
    symbols_seen = 0
    shapes_seen = 0
    previous_symbol = -1
    previous_shape = -1
    run = 0
    for byte in text:
        symbol = SYMBOL_OF_BYTE[byte]
        run = run + 1 if symbol == previous_symbol else 1
        previous_symbol = symbol
        if run > LONGEST_RUN[symbol]:
            continue
        symbol_window = (symbol_window << _BYTE) | np.uint64(symbol)
        symbols_seen += 1
        for n in range(1, min(symbols_seen, LONGEST_SYMBOL_GRAM) + 1):
            gram = symbol_window & (_ALL >> np.uint64(64 - 8 * n))
            slots[count] = np.int32((gram * SYMBOL_MULTIPLIERS[n]) >> _SHIFT)
            count += 1
        shape = SHAPE_OF_BYTE[byte]
        if shape == previous_shape and IS_MERGED_SHAPE[shape]:
            continue
        previous_shape = shape
        shape_window = (shape_window << _BYTE) | np.uint64(shape)
        shapes_seen += 1
        for n in range(SHORTEST_SHAPE_GRAM, min(shapes_seen, LONGEST_SHAPE_GRAM) + 1):
            gram = shape_window & (_ALL >> np.uint64(64 - 8 * n))
            slots[count] = np.int32((gram * SHAPE_MULTIPLIERS[n]) >> _SHIFT)
            count += 1
    return count


@compiled
def evidence(count: int) -> float:
    """What the sum of the weights of `count` slots is multiplied by."""
    return 5.0 / (count + EVIDENCE_PRIOR) ** EVIDENCE_EXPONENT


@compiled
def probabilities(
    values: NDArray[np.uint8], offsets: NDArray[np.int64], weights: NDArray[np.int8], scale: float, bias: float
) -> NDArray[np.float64]:
    """The logistic of bias + scale * (sum of weights) * evidence(slots), of each row."""
    rows = len(offsets) - 1
    longest = 0
    for row in range(rows):
        longest = max(longest, min(LONGEST_TEXT, offsets[row + 1] - offsets[row]))
    slots = np.empty(longest * SLOTS_PER_BYTE, np.int32)
    found = np.empty(rows, np.float64)
    for row in range(rows):
        count = gram_slots(values[offsets[row] : min(offsets[row + 1], offsets[row] + LONGEST_TEXT)], slots)
        total = 0
        for i in range(count):
            total += weights[slots[i]]
        logit = bias + scale * total * evidence(count)
        found[row] = 1.0 / (1.0 + np.exp(-logit))
    return found
