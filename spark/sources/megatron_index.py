"""Read and write Megatron's index of a file of token ids (`document.idx`).

It begins with `MMIDIDX`, and holds the number of tokens and the first byte of each row, then the documents
(NVIDIA/Megatron-LM, megatron/core/datasets/indexed_dataset.py).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spark.storage.paths import AnyPath
from utils import UserError, printable

MAGIC = b"MMIDIDX\x00\x00"
HEADER = struct.Struct("<9sQBQQ")  # magic, version, type, rows, documents
VERSION = 1
TYPES = {1: "u1", 3: "<i2", 4: "<i4", 5: "<i8", 8: "<u2"}
LENGTH_TYPE, PLACE_TYPE = "<i4", "<i8"
WRONG_INDEX_HINT = "Give the index that belongs to the file of token ids."


class IndexHeader(NamedTuple):
    """The header of an index. type: the NumPy type of a token."""

    type: str
    rows: int


def read_header(index: AnyPath) -> IndexHeader:
    """Return the header of an index; raise UserError if the file is no index, or its size does not fit the header."""
    shown = printable(str(index))
    with index.open("rb") as file:
        header = file.read(HEADER.size)
    if len(header) < HEADER.size or not header.startswith(MAGIC):
        raise UserError(
            f"{shown}: expected Megatron's index, which begins with MMIDIDX; found other bytes.\n{WRONG_INDEX_HINT}"
        )
    _, version, type_code, rows, documents = HEADER.unpack(header)
    if version != VERSION or type_code not in TYPES:
        raise UserError(
            f"{shown}: expected version {VERSION} and whole numbers (types {', '.join(map(str, TYPES))}), "
            f"found version {version} and type {type_code}.\n{WRONG_INDEX_HINT}"
        )
    expected = HEADER.size + 12 * rows + 8 * documents
    found = index.stat().st_size
    if found != expected or not rows:
        raise UserError(f"{shown}: expected {expected:,} bytes for {rows:,} rows, found {found:,}.\n{WRONG_INDEX_HINT}")
    return IndexHeader(TYPES[type_code], rows)


def read_row_range(index: AnyPath, header: IndexHeader, start: int, stop: int) -> tuple[NDArray[np.int64], int]:
    """Return where the rows from `start` to `stop` are: their offsets, in tokens, and the first row's byte.

    The offsets are relative to the first row, int64, shape (stop - start + 1,). Raise UserError if there are gaps
    between the rows, or overlaps.
    """
    with index.open("rb") as file:
        file.seek(HEADER.size + 4 * start)
        lengths = np.frombuffer(file.read(4 * (stop - start)), LENGTH_TYPE).astype(np.int64)
        file.seek(HEADER.size + 4 * header.rows + 8 * start)
        places = np.frombuffer(file.read(8 * (stop - start)), PLACE_TYPE)
    offsets = np.concatenate(([0], np.cumsum(lengths)))
    size = np.dtype(header.type).itemsize
    if len(places) and ((lengths < 0).any() or not np.array_equal(places - places[0], size * offsets[:-1])):
        raise UserError(
            f"{printable(str(index))}: expected rows that lie end to end, found gaps or overlaps.\n"
            "Write the file and its index again."
        )
    return offsets, int(places[0]) if len(places) else 0


def write_index(index: AnyPath, token_type: str, lengths: Sequence[AnyPath]) -> None:
    """Write the index of rows that lie end to end, each of them one document.

    token_type: one of `TYPES`. lengths: files of row lengths (`LENGTH_TYPE`), in order; each is read twice.
    """
    code = next(code for code, name in TYPES.items() if name == token_type)
    rows = sum(path.stat().st_size for path in lengths) // np.dtype(LENGTH_TYPE).itemsize
    begin = 0
    with index.open("wb") as file:
        file.write(HEADER.pack(MAGIC, VERSION, code, rows, rows + 1))
        for path in lengths:
            file.write(path.read_bytes())
        for path in lengths:
            ends = begin + np.dtype(token_type).itemsize * np.cumsum(np.frombuffer(path.read_bytes(), LENGTH_TYPE))
            file.write(np.concatenate(([begin], ends)).astype(PLACE_TYPE)[:-1].tobytes())
            begin = int(ends[-1]) if len(ends) else begin
        file.write(np.arange(rows + 1, dtype=PLACE_TYPE).tobytes())
