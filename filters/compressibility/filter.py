"""How well a text compresses: by character codes (Shannon, Huffman) and by zlib."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from zlib_ng import zlib_ng

from filters.compressibility.code_lengths import code_lengths
from filters.contract import Column, Filter, RaggedArray, Sequences

ZLIB_LEVEL = 6  # zlib's default


def zlib_sizes(text: RaggedArray) -> NDArray[np.int32]:
    """Return the length (int32) of `zlib_ng.compress(row, ZLIB_LEVEL)` for each row of UTF-8.

    One call per row; copying a compressor or using a smaller window was no faster.
    """
    view = np.ascontiguousarray(text.values, np.uint8).data
    bounds = text.offsets.tolist()
    compress = zlib_ng.compress
    sizes = [len(compress(view[start:stop], ZLIB_LEVEL)) for start, stop in pairwise(bounds)]
    return np.array(sizes, np.int32)


def measure(sequences: Sequences) -> tuple[pa.Array, ...]:
    """Return the four columns of `FILTER`; the ratio of an empty row is null."""
    text = sequences.text
    assert text is not None
    shannon, huffman = code_lengths(text)
    sizes, raw_sizes = zlib_sizes(text), np.diff(text.offsets)
    ratios = sizes / np.maximum(raw_sizes, 1)
    return pa.array(shannon), pa.array(huffman), pa.array(sizes), pa.array(ratios, mask=raw_sizes == 0)


FILTER = Filter(
    name="compressibility",
    meaning="How well the text compresses; regular text compresses better.",
    columns=(
        Column(
            "huffman_coding_length",
            pa.float64(),
            "Σ p·⌈-log2 p⌉ over the text's characters, in bits a character (Shannon code)",
        ),
        Column(
            "optimal_huffman_coding_length",
            pa.float64(),
            "mean length of the Huffman code of the text's characters, in bits a character; 0 for one "
            "distinct character",
        ),
        Column("zlib_size", pa.int32(), f"bytes of the UTF-8 text after zlib-ng at level {ZLIB_LEVEL}"),
        Column("zlib_ratio", pa.float64(), "`zlib_size` divided by the bytes of the UTF-8 text"),
    ),
    reads=("text",),
    measure=measure,
)
