"""The compression codecs of a Parquet file, read from its footer.

pyarrow tells them too, but ends the process if the description of a column is damaged. So the footer, a structure in
Thrift's compact protocol, is read here, up to the end of its first row group.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

BROTLI = "BROTLI"
CODECS = ("UNCOMPRESSED", "SNAPPY", "GZIP", "LZO", BROTLI, "LZ4", "ZSTD", "LZ4_RAW")
LENGTH_AND_MAGIC = 8  # bytes at the end of the file
# The numbers of fields, in parquet.thrift.
ROW_GROUPS, COLUMNS, META_DATA, CODEC = 4, 1, 3, 4
# Types in the compact protocol.
TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, MAP, STRUCT = range(1, 13)


class Field(NamedTuple):
    """The number and the type of a field of a structure."""

    number: int
    type: int


class CompactReader:
    """Reads a structure in Thrift's compact protocol. Raises IndexError or ValueError if it is damaged."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._position = 0

    def fields(self) -> Iterator[Field]:
        """Yield the fields of a structure; the caller reads or skips the value of each before the next."""
        number = 0
        while header := self._byte():
            number = number + (header >> 4) if header >> 4 else self.integer()
            yield Field(number, header & 15)

    def integer(self) -> int:
        """Read a signed integer."""
        value = self._unsigned()
        return (value >> 1) ^ -(value & 1)

    def items(self) -> tuple[int, int]:
        """Read the beginning of a list; return the number and the type of its items."""
        header = self._byte()
        number = header >> 4 if header >> 4 < 15 else self._unsigned()
        if number > len(self._content):  # an item takes a byte at least
            raise ValueError(f"expected a list within the footer, found {number} items")
        return number, header & 15

    def skip(self, type_: int, in_list: bool = False) -> None:
        """Skip a value. in_list: whether it is an item, where a truth value takes a byte."""
        if type_ in (TRUE, FALSE):
            self._position += in_list
        elif type_ in (BYTE, DOUBLE):
            self._position += 1 if type_ == BYTE else 8
        elif type_ in (I16, I32, I64):
            self._unsigned()
        elif type_ == BINARY:
            length = self._unsigned()
            self._position += length
        elif type_ in (LIST, SET):
            number, item = self.items()
            for _ in range(number):
                self.skip(item, in_list=True)
        elif type_ == STRUCT:
            for field in self.fields():
                self.skip(field.type)
        else:
            raise ValueError(f"expected a type of Parquet's footer, found {type_}")

    def _byte(self) -> int:
        self._position += 1
        return self._content[self._position - 1]

    def _unsigned(self) -> int:
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
            shift += 7


def codecs_of(file: BinaryIO) -> frozenset[str]:
    """Return the codecs of the first row group of a Parquet file; none if the footer is damaged or has no row group."""
    file.seek(-LENGTH_AND_MAGIC, 2)
    length = int.from_bytes(file.read(4), "little")
    file.seek(-LENGTH_AND_MAGIC - length, 2)
    try:
        return frozenset(CODECS[codec] for codec in _codecs(CompactReader(file.read(length))))
    except (IndexError, ValueError, RecursionError):
        return frozenset()


def _codecs(reader: CompactReader) -> Iterator[int]:
    for field in reader.fields():
        if field == (ROW_GROUPS, LIST):
            number, _ = reader.items()
            if number:
                yield from _codecs_of_row_group(reader)
            return
        reader.skip(field.type)


def _codecs_of_row_group(reader: CompactReader) -> Iterator[int]:
    for field in reader.fields():
        if field != (COLUMNS, LIST):
            reader.skip(field.type)
            continue
        for _ in range(reader.items()[0]):
            for of_chunk in reader.fields():
                if of_chunk == (META_DATA, STRUCT):
                    yield from _codec_of_column(reader)
                else:
                    reader.skip(of_chunk.type)


def _codec_of_column(reader: CompactReader) -> Iterator[int]:
    for field in reader.fields():
        if field == (CODEC, I32):
            yield reader.integer()
        else:
            reader.skip(field.type)
