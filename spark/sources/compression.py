"""Open files that are compressed as a whole, by their names, as streams: memory does not grow with the file."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, NamedTuple, cast

import pyarrow as pa

from spark.sources.reading_errors import readable
from spark.storage.paths import AnyPath

# The name that pyarrow has for the compression of a suffix.
COMPRESSIONS = {".gz": "gzip", ".bz2": "bz2", ".zst": "zstd"}


class OpenedFile(NamedTuple):
    """An open file: its decompressed content, and the file as stored, whose position tells the progress."""

    content: IO[bytes]
    stored: IO[bytes]


def with_compressions(*suffixes: str) -> tuple[str, ...]:
    """Return each suffix, alone and followed by that of each compression."""
    return tuple(suffix + compressed for suffix in suffixes for compressed in ("", *COMPRESSIONS))


def compressed_suffix(path: AnyPath) -> str:
    """Return the suffix of a file's compression, in lower case; an empty string if it is not compressed."""
    return next((suffix for suffix in COMPRESSIONS if path.name.lower().endswith(suffix)), "")


def is_compressed(path: AnyPath) -> bool:
    """Return whether a file's name says that it is compressed."""
    return bool(compressed_suffix(path))


@contextmanager
def opened(path: AnyPath) -> Iterator[OpenedFile]:
    """Open a file to read its decompressed content; raise UserError, with its name, if it cannot be read."""
    suffix = compressed_suffix(path)
    with readable(path), path.open("rb") as file:
        if suffix == ".gz":
            yield OpenedFile(io.BufferedReader(gzip.GzipFile(fileobj=file)), file)
        elif suffix:
            stream = pa.CompressedInputStream(pa.PythonFile(file, "r"), COMPRESSIONS[suffix])
            yield OpenedFile(io.BufferedReader(stream), file)
        else:
            yield OpenedFile(io.BufferedReader(file), file)


@contextmanager
def created(path: AnyPath) -> Iterator[IO[bytes]]:
    """Create a file, compressed as its name says; the same content always gives the same bytes."""
    suffix = compressed_suffix(path)
    with path.open("wb") as file:
        if suffix == ".gz":
            with cast(IO[bytes], gzip.GzipFile("", "wb", fileobj=file, mtime=0)) as stream:
                yield stream
        elif suffix:
            with pa.CompressedOutputStream(pa.PythonFile(file, "w"), COMPRESSIONS[suffix]) as stream:
                yield stream
        else:
            yield file
