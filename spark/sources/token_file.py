"""Read and index files of token ids: the layout of Pythia's pre-shuffled corpus, with or without Megatron's index.

`document.bin` holds little-endian numbers, row after row. Without an index every row has the same number of tokens.
The index `document.idx` begins with `MMIDIDX`; it holds the number of tokens and the first byte of each row
(NVIDIA/Megatron-LM, megatron/core/datasets/indexed_dataset.py).
"""

from __future__ import annotations

import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

import numpy as np
from numpy.typing import NDArray

from spark.storage.paths import AnyPath
from utils import UserError, printable

PYTHIA_ROW_TOKENS = 2_049
PYTHIA_TYPE = "<u2"
MAGIC = b"MMIDIDX\x00\x00"
HEADER = struct.Struct("<9sQBQQ")  # magic, version, type, rows, documents
VERSION = 1
TYPES = {1: "u1", 3: "<i2", 4: "<i4", 5: "<i8", 8: "<u2"}
SHARD = re.compile(r"(.+)-(\d{5})-of-(\d{5})\.bin")
LENGTH_TYPE, PLACE_TYPE = "<i4", "<i8"


@dataclass(frozen=True)
class TokenFile:
    """A file of token ids, perhaps in several shards; a shard may end anywhere, even within a token.

    type: the NumPy type of a token. row_tokens: the length of every row if there is no index. index: its path.
    """

    shards: tuple[AnyPath, ...]
    shard_bytes: tuple[int, ...]
    type: str
    rows: int
    row_tokens: int
    index: AnyPath | None

    def row_range(self, start: int, stop: int) -> tuple[NDArray[np.int64], int]:
        """Return where the rows from `start` to `stop` lie: their offsets, in tokens, and the first one's byte.

        The offsets are relative to the first row, shape (stop - start + 1,).
        """
        size = np.dtype(self.type).itemsize
        if self.index is None:
            return np.arange(stop - start + 1) * self.row_tokens, start * self.row_tokens * size
        with self.index.open("rb") as file:
            file.seek(HEADER.size + 4 * start)
            lengths = np.frombuffer(file.read(4 * (stop - start)), LENGTH_TYPE).astype(np.int64)
            file.seek(HEADER.size + 4 * self.rows + 8 * start)
            begins = np.frombuffer(file.read(8 * (stop - start)), PLACE_TYPE)
        offsets = np.concatenate(([0], np.cumsum(lengths)))
        if len(begins) and ((lengths < 0).any() or not np.array_equal(begins - begins[0], size * offsets[:-1])):
            raise UserError(f"{printable(str(self.index))}: expected rows that lie end to end, found gaps or overlaps.")
        return offsets, int(begins[0]) if len(begins) else 0

    def read(self, start: int, stop: int) -> bytes:
        """Return the bytes from `start` to `stop`, counted through all shards."""
        pieces, before = [], 0
        for path, size in zip(self.shards, self.shard_bytes, strict=True):
            first, last = max(start, before), min(stop, before + size)
            if first < last:
                with path.open("rb") as file:
                    file.seek(first - before)
                    pieces.append(file.read(last - first))
            before += size
        found = b"".join(pieces)
        if len(found) != stop - start:
            raise UserError(f"{printable(str(self.shards[0]))} became shorter while it was read.\nRun again.")
        return found


def open_token_file(shards: tuple[AnyPath, ...], row_tokens: int) -> TokenFile:
    """Open the shards of a file; raise UserError if one is missing, or they do not fit the index or the row length."""
    _require_all_shards(shards)
    sizes = tuple(shard.stat().st_size for shard in shards)
    index = _index_beside(shards[0])
    if index is not None:
        return _with_index(shards, sizes, index)
    row_bytes = row_tokens * np.dtype(PYTHIA_TYPE).itemsize
    if sum(sizes) == 0 or sum(sizes) % row_bytes:
        raise UserError(
            f"{printable(str(shards[0]))}: expected rows of {row_tokens:,} tokens, {row_bytes:,} bytes each, found "
            f"{sum(sizes):,} bytes.\nPut its index (.idx) beside it, or give --row_tokens to build_features.py."
        )
    return TokenFile(shards, sizes, PYTHIA_TYPE, sum(sizes) // row_bytes, row_tokens, None)


def write_index(index: AnyPath, token_type: str, lengths: Sequence[AnyPath]) -> None:
    """Write Megatron's index of rows that lie end to end, each of them one document.

    token_type: one of `TYPES`. lengths: files of row lengths, in order; each is read twice.
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


def shard_names(shards: int) -> list[str]:
    """Return the file names of a corpus: those of Pythia, where `of` is followed by the number of the last shard."""
    if shards == 1:
        return ["document.bin"]
    return [f"document-{number:05d}-of-{shards - 1:05d}.bin" for number in range(shards)]


def _require_all_shards(shards: tuple[AnyPath, ...]) -> None:
    """Raise UserError unless there is one file, or all shards of one corpus by their names."""
    if len(shards) == 1:
        return
    matches = [match for match in map(SHARD.fullmatch, (each.name for each in shards)) if match]
    numbers = [int(match[2]) for match in matches]
    # The last of Pythia's 21 shards is 00020-of-00020.
    totals = {(match[1], int(match[3])) for match in matches}
    is_whole = len(totals) == 1 and totals.pop()[1] in (len(shards), len(shards) - 1)
    if not is_whole or numbers != list(range(len(shards))):
        names = ", ".join(printable(each.name) for each in shards[:3])
        raise UserError(
            f"{printable(str(shards[0].parent))}: expected one .bin file, or all of its shards, named "
            f"document-00000-of-00020.bin and so on; found {len(shards)}: {names}.\nGive the path of one corpus."
        )


def _index_beside(shard: AnyPath) -> AnyPath | None:
    match = SHARD.fullmatch(shard.name)
    name = f"{match[1]}.idx" if match else f"{PurePath(shard.name).stem}.idx"
    index = shard.parent / name
    return index if index.is_file() else None


def _with_index(shards: tuple[AnyPath, ...], sizes: tuple[int, ...], index: AnyPath) -> TokenFile:
    shown = printable(str(index))
    with index.open("rb") as file:
        header = file.read(HEADER.size)
    if len(header) < HEADER.size or not header.startswith(MAGIC):
        raise UserError(f"{shown}: expected Megatron's index, which begins with MMIDIDX; found other bytes.")
    _, version, type_code, rows, documents = HEADER.unpack(header)
    if version != VERSION or type_code not in TYPES:
        raise UserError(
            f"{shown}: expected version {VERSION} and whole numbers (types {', '.join(map(str, TYPES))}), "
            f"found version {version} and type {type_code}."
        )
    expected = HEADER.size + 12 * rows + 8 * documents
    if index.stat().st_size != expected or not rows:
        raise UserError(f"{shown}: expected {expected:,} bytes for {rows:,} rows, found {index.stat().st_size:,}.")
    file = TokenFile(shards, sizes, TYPES[type_code], rows, 0, index)
    offsets, begin = file.row_range(rows - 1, rows)
    end = begin + int(offsets[-1]) * np.dtype(file.type).itemsize
    if end != sum(sizes):
        raise UserError(f"{shown}: its last row ends at byte {end:,}, the tokens at {sum(sizes):,}: not of one corpus.")
    return file
