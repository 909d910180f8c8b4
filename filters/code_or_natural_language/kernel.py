"""Hashed byte n-grams that separate code from natural language, as numba kernels over UTF-8 bytes.

One pass over a text reads two streams. The *symbol* stream holds the bytes, with all digits equal and long runs cut.
The *shape* stream holds one symbol per run of small letters, capitals, digits or non-ASCII bytes, and all punctuation;
its n-grams span more text and are independent of vocabulary. Every n-gram is hashed to a slot (feature hashing:
Weinberger et al. 2009, arXiv:0902.2206), and a text is the bag of its slots.
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
# Only this many bytes of a text are read, which bounds the memory of a batch.
LONGEST_TEXT = 1 << 20
# The sum of a text's weights is divided by (slots + prior) ** exponent. Neighbouring n-grams are correlated, so the
# evidence grows more slowly than their number. Of the exponents 1/2, 3/4 and 1, only 3/4 left held-out windows equally
# calibrated at every length. The prior, in slots, keeps the scores of very short texts near 0.5.
EVIDENCE_EXPONENT = 0.75
EVIDENCE_PRIOR = 64.0

_SMALL, _CAPITAL, _DIGIT, _BLANK, _BEYOND_ASCII = ord("a"), ord("A"), ord("0"), ord(" "), 0x80


def _symbol_of_byte() -> NDArray[np.uint8]:
    """Return the symbol of each byte: itself, but digits become 0, blanks a space, a carriage return a newline."""
    symbols = np.arange(256, dtype=np.uint8)
    symbols[ord("0") : ord("9") + 1] = _DIGIT
    symbols[ord("\t")] = _BLANK
    symbols[ord("\r")] = ord("\n")
    return symbols


def _shape_of_byte() -> NDArray[np.uint8]:
    """Return the shape of each byte: its symbol, but one each for small letters, capitals and non-ASCII bytes."""
    shapes = _symbol_of_byte()
    shapes[ord("a") : ord("z") + 1] = _SMALL
    shapes[ord("A") : ord("Z") + 1] = _CAPITAL
    shapes[0x80:] = _BEYOND_ASCII
    return shapes


def _longest_run() -> NDArray[np.int64]:
    """Return how many repeats of each symbol count within a run; longer indentation or rulers add nothing."""
    runs = np.full(256, 3, np.int64)
    runs[_BLANK] = 1
    runs[_DIGIT] = 2
    return runs


SYMBOL_OF_BYTE = _symbol_of_byte()
SHAPE_OF_BYTE = _shape_of_byte()
LONGEST_RUN = _longest_run()
# A run of one of these shapes counts once, whatever its length; other punctuation repeats as in the symbol stream.
IS_MERGED_SHAPE = np.isin(np.arange(256), (_SMALL, _CAPITAL, _DIGIT, _BLANK, _BEYOND_ASCII))
# Odd multipliers for multiplicative hashing (Knuth, TAOCP 6.4), drawn at random once: one per stream and length.
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
    """Write the slot of every n-gram of the text into `slots` (SLOTS_PER_BYTE per byte); return their number."""
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
    """Return the factor for the sum of the weights of `count` slots."""
    return 5.0 / (count + EVIDENCE_PRIOR) ** EVIDENCE_EXPONENT


@compiled
def probabilities(
    values: NDArray[np.uint8], offsets: NDArray[np.int64], weights: NDArray[np.int8], scale: float, bias: float
) -> NDArray[np.float64]:
    """Return the logistic of bias + scale * (sum of weights) * evidence(slots) for each row."""
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
