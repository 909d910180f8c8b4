"""JSONL files line by line, in blocks that tasks share out among them; a compressed file is one block.

Python reads them, not Spark: Spark takes a carriage return for the end of a line, and holds any line whole, however
long it is, so that a small compressed file could fill all memory.
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import IO, NamedTuple

from spark.storage.paths import AnyPath
from utils import UserError, printable

BLOCK_BYTES = 16 << 20
LONGEST_LINE = 16 << 20  # some millions of tokens; what memory one line can take must have a bound
END = 2**63 - 1
SKIPPED_AT_ONCE = 1 << 20


class Block(NamedTuple):
    """A range of a file's bytes (after decompression): the lines that begin in it."""

    path: AnyPath
    start: int
    stop: int


class FirstLines(NamedTuple):
    """The first lines of a file, and how many of its bytes, as they lie on the disk, reading them took."""

    lines: list[bytes]
    bytes_read: int


def blocks_of(paths: tuple[AnyPath, ...]) -> tuple[Block, ...]:
    """The blocks of the files, in their order."""
    return tuple(block for path in paths for block in _blocks(path))


def lines_of(block: Block) -> Iterator[bytes]:
    """The lines that begin in a block, without their ends and without blank ones.

    Of a line longer than LONGEST_LINE only the first LONGEST_LINE + 1 bytes. Raises UserError, which names the file,
    where it cannot be read.
    """
    with _opened(block.path) as (stream, _):
        yield from _lines(stream, block.start, block.stop)


def first_lines(path: AnyPath, count: int) -> FirstLines:
    """The first lines of a file, as `lines_of` gives them: so many, or fewer where they are long; raises UserError."""
    with _opened(path) as (stream, file):
        lines = list(islice(_lines(stream, 0, BLOCK_BYTES), count))
        return FirstLines(lines, file.tell())


def is_compressed(path: AnyPath) -> bool:
    """Whether a file is compressed, by its name."""
    return path.name.lower().endswith(".gz")


def _blocks(path: AnyPath) -> list[Block]:
    if is_compressed(path):
        return [Block(path, 0, END)]
    size = path.stat().st_size
    return [Block(path, start, min(start + BLOCK_BYTES, size)) for start in range(0, size, BLOCK_BYTES)]


def _lines(stream: IO[bytes], start: int, stop: int) -> Iterator[bytes]:
    position = start
    if position:
        stream.seek(position - 1)
        position += _skip_line(stream) - 1
    while position < stop:
        line = stream.readline(LONGEST_LINE + 1)
        if not line:
            return
        position += len(line)
        if line.strip():
            yield line.removesuffix(b"\n").removesuffix(b"\r")
        if len(line) > LONGEST_LINE and not line.endswith(b"\n") and position < stop:
            position += _skip_line(stream)


def _skip_line(stream: IO[bytes]) -> int:
    """Reads to the end of the line; the number of bytes."""
    skipped = 0
    while part := stream.readline(SKIPPED_AT_ONCE):
        skipped += len(part)
        if part.endswith(b"\n"):
            break
    return skipped


@contextmanager
def _opened(path: AnyPath) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """What a file holds, decompressed, and the file itself."""
    try:
        with path.open("rb") as file:
            stream = gzip.GzipFile(fileobj=file) if is_compressed(path) else file
            yield io.BufferedReader(stream), file
    except (OSError, EOFError, zlib.error) as error:
        reason = printable(" ".join(str(error).split()))[:300].rstrip(".")
        raise UserError(
            f"{printable(str(path))} is damaged, or cannot be read: {reason}.\nWrite it anew, or take it away."
        ) from None
