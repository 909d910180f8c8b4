"""Files of token ids (`.bin`), the format in which training corpora are read by training frameworks."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from filters.contract import RaggedArray
from filters.ragged import lists_from_ragged
from spark.sources.megatron_index import LENGTH_TYPE, write_index
from spark.sources.parts import ROWS_A_BATCH, CopiedPart, Part, is_kept, part_bytes
from spark.sources.registry import Format, ReadOptions
from spark.sources.source import EVERY_FILE, Source
from spark.sources.token_file import TokenFile, open_token_file, shard_names
from spark.sources.token_reader import CorpusBatch, TokenReader
from spark.storage.paths import AnyPath
from spark.storage.task_files import keep_only
from utils import UserError, printable

TOKENS = "tokens"
TOKENS_A_BATCH = 1 << 22  # 8 MB of 16-bit tokens, which a task holds at a time
LARGEST_TOKEN = 2**31 - 1
LENGTHS = ".lengths"  # suffix of the files that hold the rows' lengths, from which a copy gets its index


@dataclass(frozen=True)
class TokenIdsPart(Part):
    """The rows from `start` to `stop` of a file of token ids."""

    file: TokenFile
    start: int
    stop: int
    rows_a_batch: int

    def batches(self, names: Sequence[str] | None = None, rows: int = ROWS_A_BATCH) -> Iterator[pa.RecordBatch]:
        """Yield the rows as a column of lists, whatever ids they hold."""
        value_type = tokens_type(self.file.type).value_type.to_pandas_dtype()
        for _, (tokens, offsets) in self._stored(min(rows, self.rows_a_batch)):
            column = lists_from_ragged(RaggedArray(tokens.astype(value_type), offsets))
            yield pa.RecordBatch.from_pydict({TOKENS: column})

    def corpus_batches(self, reader: TokenReader, first_row: int) -> Iterator[CorpusBatch]:
        """Yield the rows without a copy where the file's type allows it; raise UserError for what is no token id."""
        for ids, (tokens, offsets) in self._stored(self.rows_a_batch):
            yield CorpusBatch(ids, RaggedArray(self._valid(tokens, int(ids[0]), offsets), offsets))

    def copy_without(self, removed: NDArray[np.int64], directory: AnyPath, name: str) -> CopiedPart:
        """Write the rows that are kept; if there is an index, write their lengths to a second file."""
        lengths = [np.empty(0, np.int64)]
        with (directory / f"{name}.bin").open("wb") as file:
            for ids, (tokens, offsets) in self._stored(self.rows_a_batch):
                first = int(ids[0]) - self.start
                kept = is_kept(removed, first, first + len(ids))
                file.write(tokens[np.repeat(kept, np.diff(offsets))].tobytes())
                lengths.append(np.diff(offsets)[kept])
        if self.file.index is not None:
            (directory / f"{name}{LENGTHS}").write_bytes(np.concatenate(lengths).astype(LENGTH_TYPE).tobytes())
        return CopiedPart(f"{name}.bin", sum(map(len, lengths)))

    def _stored(self, rows_a_batch: int) -> Iterator[tuple[NDArray[np.int64], RaggedArray]]:
        """Yield the numbers of the rows, and their tokens as they are stored."""
        size = np.dtype(self.file.type).itemsize
        for start in range(self.start, self.stop, rows_a_batch):
            stop = min(start + rows_a_batch, self.stop)
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
            raise UserError(f"{printable(str(self.path))}: row {row} holds {ids[wrong[0]]}, which is no token id.")
        return ids.astype(np.int32)


@dataclass(frozen=True)
class TokenIdsSource(Source):
    """A file of token ids, perhaps in several shards; its one column is `tokens`."""

    file: TokenFile
    checks_vocabulary: ClassVar[bool] = False

    def parts(self, bytes_a_part: int | None = None) -> tuple[TokenIdsPart, ...]:
        """Return parts of whole rows."""
        bytes_a_part = bytes_a_part or part_bytes(self.bytes, os.cpu_count() or 1)
        bytes_a_row = max(1, self.bytes // max(1, self.file.rows))
        rows_a_part = max(1, bytes_a_part // bytes_a_row)
        rows_a_batch = max(1, TOKENS_A_BATCH * np.dtype(self.file.type).itemsize // bytes_a_row)
        parts = []
        for start in range(0, self.file.rows, rows_a_part):
            stop = min(start + rows_a_part, self.file.rows)
            parts.append(TokenIdsPart(self.paths[0], stop - start, self.file, start, stop, rows_a_batch))
        return tuple(parts)

    def complete_copy(self, directory: AnyPath, copied: Sequence[CopiedPart]) -> None:
        """Name the shards, and write the index that the original has."""
        files = [each.file for each in copied]
        lengths = [file.removesuffix(".bin") + LENGTHS for file in files]
        keep_only(directory, [*files, *lengths], EVERY_FILE)
        if self.file.index is not None:
            write_index(directory / "document.idx", self.file.type, [directory / name for name in lengths])
        names = shard_names(len(files))
        for file, name in zip(files, names, strict=True):
            (directory / file).rename(directory / name)  # type: ignore[arg-type]
        keep_only(directory, [*names, "document.idx"], EVERY_FILE)


def tokens_type(stored: str) -> pa.DataType:
    """Return the type of the column `tokens`, from the NumPy type in which a file stores its tokens."""
    return pa.list_(pa.int64() if np.dtype(stored) == np.int64 else pa.int32())


def open_token_ids(paths: tuple[AnyPath, ...], options: ReadOptions) -> TokenIdsSource:
    """Open the shards of one file; raise UserError if one is missing, or does not fit its index or its length."""
    file = open_token_file(paths, options.row_tokens)
    schema = pa.schema([(TOKENS, tokens_type(file.type))])
    return TokenIdsSource(paths, schema, file.rows, sum(file.shard_bytes), file)


FORMAT = Format("token id", (".bin",), open_token_ids, is_corpus=True)
