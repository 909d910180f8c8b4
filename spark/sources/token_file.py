"""Read files of token ids: the format of Pythia's pre-shuffled corpus, with or without Megatron's index.

`document.bin` holds little-endian numbers, row after row. Without an index, every row has the same number of tokens.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePath

import numpy as np
from numpy.typing import NDArray

from spark.sources.megatron_index import WRONG_INDEX_HINT, IndexHeader, read_header, read_row_range
from spark.storage.paths import AnyPath
from utils import UserError, printable

PYTHIA_ROW_TOKENS = 2_049
PYTHIA_TYPE = "<u2"
SHARD = re.compile(r"(.+)-(\d{5})-of-(\d{5})\.bin")


@dataclass(frozen=True)
class TokenFile:
    """A file of token ids in one or more shards. A shard may end anywhere, even within a token.

    shard_bytes: size of each shard. type: NumPy type of a token. row_tokens: length of every row if there is no index.
    index: path of Megatron's index; None if there is none.
    """

    shards: tuple[AnyPath, ...]
    shard_bytes: tuple[int, ...]
    type: str
    rows: int
    row_tokens: int
    index: AnyPath | None

    def row_range(self, start: int, stop: int) -> tuple[NDArray[np.int64], int]:
        """Return where the rows from `start` to `stop` are: their offsets, in tokens, and the first row's byte.

        The offsets are relative to the first row, int64, shape (stop - start + 1,).
        """
        if self.index is not None:
            return read_row_range(self.index, IndexHeader(self.type, self.rows), start, stop)
        size = np.dtype(self.type).itemsize
        return np.arange(stop - start + 1) * self.row_tokens, start * self.row_tokens * size

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
            raise UserError(
                f"{printable(str(self.shards[0]))} became shorter while it was read.\nRun again when it is complete."
            )
        return found


def open_token_file(shards: tuple[AnyPath, ...], row_tokens: int) -> TokenFile:
    """Open the shards of a file of token ids, and its index if there is one.

    row_tokens: length of every row if there is no index. Raise UserError if a shard is missing, or if the size does not
    fit the index or the row length.
    """
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


def shard_names(shards: int) -> list[str]:
    """Return the file names of a corpus as Pythia names them: the number after `of` is that of the last shard."""
    if shards == 1:
        return ["document.bin"]
    return [f"document-{number:05d}-of-{shards - 1:05d}.bin" for number in range(shards)]


def _require_all_shards(shards: tuple[AnyPath, ...]) -> None:
    """Raise UserError unless there is one file, or the names are those of all shards of one corpus."""
    if len(shards) == 1:
        return
    matches = [match for match in map(SHARD.fullmatch, (each.name for each in shards)) if match]
    numbers = [int(match[2]) for match in matches]
    # The last of Pythia's 21 shards is 00020-of-00020; other corpora write 00020-of-00021.
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
    header = read_header(index)
    file = TokenFile(shards, sizes, header.type, header.rows, 0, index)
    offsets, begin = file.row_range(header.rows - 1, header.rows)
    end = begin + int(offsets[-1]) * np.dtype(file.type).itemsize
    if end != sum(sizes):
        raise UserError(
            f"{printable(str(index))}: expected {end:,} bytes of tokens, found {sum(sizes):,}.\n{WRONG_INDEX_HINT}"
        )
    return file
