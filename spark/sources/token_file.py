"""Token ids end to end in a file, as Pythia's pre-shuffled corpus is published, with or without Megatron's index.

`document.bin` holds little-endian numbers; without an index every row has the same number of tokens. The index
`document.idx` begins with `MMIDIDX`, and says of each row how many tokens it has and at which byte it begins
(NVIDIA/Megatron-LM, megatron/core/datasets/indexed_dataset.py).
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath

import numpy as np
from numpy.typing import NDArray

from filters.contract import RaggedArray
from spark.sources.corpus_parts import TOKENS_A_BATCH, CopiedPart, Corpus, CorpusBatch, is_kept
from spark.storage.paths import AnyPath
from utils import UserError, printable

PYTHIA_ROW_TOKENS = 2_049
PYTHIA_TYPE = "<u2"
MAGIC = b"MMIDIDX\x00\x00"
HEADER = struct.Struct("<9sQBQQ")  # magic, version, type, rows, documents
VERSION = 1
TYPES = {1: "u1", 3: "<i2", 4: "<i4", 5: "<i8", 8: "<u2"}
SHARD = re.compile(r"(.+)-(\d{5})-of-(\d{5})\.bin")
LARGEST_TOKEN = 2**31 - 1
LENGTHS = ".lengths"  # what the files of rows' lengths end with, from which the index of a copy is made
LENGTH_TYPE, PLACE_TYPE = "<i4", "<i8"


@dataclass(frozen=True)
class TokenFile:
    """A file of token ids, perhaps in several shards, which are cut at any byte.

    row_tokens: of each row, where there is no index. index: the path of the index.
    """

    shards: tuple[AnyPath, ...]
    shard_bytes: tuple[int, ...]
    type: str
    rows: int
    row_tokens: int
    index: AnyPath | None

    def row_range(self, start: int, stop: int) -> tuple[NDArray[np.int64], int]:
        """The offsets, in tokens, of the rows from `start` to `stop`, shape (stop - start + 1,), from the first's on;
        and the byte at which that begins."""
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
            raise UserError(f"{printable(str(self.index))}: expected rows that lie end to end, found others.")
        return offsets, int(begins[0]) if len(begins) else 0

    def read(self, start: int, stop: int) -> bytes:
        """The bytes from `start` to `stop` of all shards together."""
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
            raise UserError(f"{printable(str(self.shards[0]))} has become shorter while it was read.\nRun again.")
        return found


@dataclass(frozen=True)
class TokenFilePart:
    """The rows from `start` to `stop` of a file of token ids."""

    file: TokenFile
    start: int
    stop: int
    rows_a_batch: int

    def batches(self) -> Iterator[CorpusBatch]:
        """The rows; a row's id is its number in the file."""
        for ids, (tokens, offsets) in self._stored():
            yield CorpusBatch(ids, RaggedArray(self._valid(tokens, int(ids[0]), offsets), offsets))

    def copy_without(self, removed: NDArray[np.int64], directory: AnyPath, name: str) -> CopiedPart:
        """Writes the other rows; where there is an index, their lengths in a second file, for `write_index`."""
        lengths = [np.empty(0, np.int64)]
        with (directory / f"{name}.bin").open("wb") as file:
            for ids, (tokens, offsets) in self._stored():
                first = int(ids[0]) - self.start
                kept = is_kept(removed, first, first + len(ids))
                file.write(tokens[np.repeat(kept, np.diff(offsets))].tobytes())
                lengths.append(np.diff(offsets)[kept])
        if self.file.index is not None:
            (directory / f"{name}{LENGTHS}").write_bytes(np.concatenate(lengths).astype(LENGTH_TYPE).tobytes())
        return CopiedPart(f"{name}.bin", sum(map(len, lengths)))

    def _stored(self) -> Iterator[tuple[NDArray[np.int64], RaggedArray]]:
        """The numbers of the rows, and their tokens as they are stored, batch by batch."""
        size = np.dtype(self.file.type).itemsize
        for start in range(self.start, self.stop, self.rows_a_batch):
            stop = min(start + self.rows_a_batch, self.stop)
            offsets, begin = self.file.row_range(start, stop)
            tokens = np.frombuffer(self.file.read(begin, begin + size * int(offsets[-1])), self.file.type)
            yield np.arange(start, stop), RaggedArray(tokens, offsets)

    def _valid(self, tokens: NDArray[np.generic], first_row: int, offsets: NDArray[np.int64]) -> NDArray[np.generic]:
        if tokens.dtype.kind == "u":
            return tokens
        ids = tokens.astype(np.int64, copy=False)
        wrong = np.flatnonzero((ids < 0) | (ids > LARGEST_TOKEN))
        if len(wrong):
            row = first_row + int(np.searchsorted(offsets, wrong[0], side="right")) - 1
            name = printable(str(self.file.shards[0]))
            raise UserError(f"{name}: row {row} holds {ids[wrong[0]]}, which is no token id.")
        return ids.astype(np.int32)


def is_token_file(path: AnyPath) -> bool:
    """Whether a path is a file of token ids, or a directory that holds one."""
    return bool(_shards(path))


def open_token_file(path: AnyPath, row_tokens: int) -> TokenFile:
    """The file, checked against its index or its length; raises UserError where they do not fit together."""
    shards = _shards(path)
    _require_all_shards(shards)
    sizes = tuple(shard.stat().st_size for shard in shards)
    index = _index_beside(shards[0])
    if index is not None:
        return _with_index(shards, sizes, index)
    row_bytes = row_tokens * np.dtype(PYTHIA_TYPE).itemsize
    if sum(sizes) == 0 or sum(sizes) % row_bytes:
        raise UserError(
            f"{printable(str(path))}: expected rows of {row_tokens:,} tokens, {row_bytes:,} bytes each, found "
            f"{sum(sizes):,} bytes.\nGive --row_tokens, or put its index (.idx) beside it."
        )
    return TokenFile(shards, sizes, PYTHIA_TYPE, sum(sizes) // row_bytes, row_tokens, None)


def token_file_corpus(file: TokenFile, bytes_a_part: int) -> Corpus:
    """The file in parts of about so many bytes."""
    total = sum(file.shard_bytes)
    bytes_a_row = max(1, total // max(1, file.rows))
    rows_a_part = max(1, bytes_a_part // bytes_a_row)
    rows_a_batch = max(1, TOKENS_A_BATCH * np.dtype(file.type).itemsize // bytes_a_row)
    parts = tuple(
        TokenFilePart(file, start, min(start + rows_a_part, file.rows), rows_a_batch)
        for start in range(0, file.rows, rows_a_part)
    )
    return Corpus(printable(str(file.shards[0])), parts, file.rows, total)


def write_index(index: AnyPath, token_type: str, lengths: Sequence[AnyPath]) -> None:
    """Writes Megatron's index of rows that lie end to end, each a document of its own.

    token_type: of `TYPES`. lengths: files of the rows' lengths, one after the other, which are read twice.
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
    """What the files of a corpus in so many shards are called: as Pythia's are, numbered to that of the last."""
    if shards == 1:
        return ["document.bin"]
    return [f"document-{number:05d}-of-{shards - 1:05d}.bin" for number in range(shards)]


def _shards(path: AnyPath) -> tuple[AnyPath, ...]:
    if path.is_file():
        return (path,) if path.name.endswith(".bin") else ()
    return tuple(sorted((each for each in path.rglob("*.bin") if each.is_file()), key=str)) if path.is_dir() else ()


def _require_all_shards(shards: tuple[AnyPath, ...]) -> None:
    """Several files are one corpus only where their names number them, all of them."""
    if len(shards) == 1:
        return
    matches = [match for match in map(SHARD.fullmatch, (each.name for each in shards)) if match]
    numbers = [int(match[2]) for match in matches]
    # Pythia's 21 shards end with 00020-of-00020.
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
        raise UserError(f"{shown}: expected Megatron's index, which begins with MMIDIDX; found something else.")
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
