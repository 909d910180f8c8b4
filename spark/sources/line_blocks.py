"""Read JSONL files line by line, in blocks that tasks read in parallel; a compressed file is one block.

Python reads them because Spark ends a line at a carriage return, and holds a line of any length in memory: a small
compressed file could fill all of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import IO, TYPE_CHECKING, NamedTuple

from spark.sources.compression import created, is_compressed, opened
from spark.storage.paths import AnyPath

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BLOCK_BYTES = 16 << 20
LONGEST_LINE = 16 << 20  # bytes, some millions of tokens; bounds the memory that one line takes
END = 2**63 - 1
SKIPPED_AT_ONCE = 1 << 20


class Block(NamedTuple):
    """The lines that begin in a range of a file's bytes, counted after decompression."""

    path: AnyPath
    start: int
    stop: int


class FirstLines(NamedTuple):
    """The first lines of a file, and how many bytes of it were read, as stored on disk."""

    lines: list[bytes]
    bytes_read: int


def blocks_of(paths: tuple[AnyPath, ...], block_bytes: int | None = None) -> tuple[Block, ...]:
    """Return the blocks of the files, in order. block_bytes: the size of a block; None for `BLOCK_BYTES`."""
    return tuple(block for path in paths for block in _blocks(path, block_bytes or BLOCK_BYTES))


def lines_of(block: Block) -> Iterator[bytes]:
    """Yield the lines that begin in a block, without line ends and blank lines.

    Lines longer than LONGEST_LINE are cut to LONGEST_LINE + 1 bytes. Raises UserError, with the file's name, if the
    file cannot be read.
    """
    with opened(block.path) as (stream, _):
        yield from _lines(stream, block.start, block.stop)


def first_lines(path: AnyPath, count: int) -> FirstLines:
    """Return the first `count` lines of a file, as `lines_of` yields them, or fewer if they are long."""
    with opened(path) as (stream, file):
        lines = list(islice(_lines(stream, 0, BLOCK_BYTES), count))
        return FirstLines(lines, file.tell())


def _blocks(path: AnyPath, block_bytes: int) -> list[Block]:
    if is_compressed(path):
        return [Block(path, 0, END)]
    size = path.stat().st_size
    return [Block(path, start, min(start + block_bytes, size)) for start in range(0, size, block_bytes)]


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
    """Read to the end of the line; return the number of bytes read."""
    skipped = 0
    while part := stream.readline(SKIPPED_AT_ONCE):
        skipped += len(part)
        if part.endswith(b"\n"):
            break
    return skipped


def copy_lines(block: Block, removed: NDArray[np.int64], path: AnyPath) -> int:
    """Write the lines of a block, except those at some positions, to a new file; return how many were written."""
    gone, rows = set(removed.tolist()), 0
    with created(path) as stream:
        for position, line in enumerate(lines_of(block)):
            if position not in gone:
                stream.write(line + b"\n")
                rows += 1
    return rows
