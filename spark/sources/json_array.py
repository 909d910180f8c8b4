"""Read the elements of a JSON array, as text, one after another: memory does not grow with the file."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from typing import IO

from spark.sources.compression import opened
from spark.storage.paths import AnyPath
from utils import UserError, printable

READ_AT_ONCE = 1 << 20
LONGEST_ELEMENT = 16 << 20  # characters
SPACE = " \t\r\n"
BYTE_ORDER_MARK = "\ufeff"
_decode_one = json.JSONDecoder().raw_decode


def is_array(path: AnyPath) -> bool:
    """Return whether a file's content begins as a JSON array."""
    with opened(path) as (content, _):
        start = content.read(READ_AT_ONCE)
    return start.removeprefix(codecs.BOM_UTF8).lstrip()[:1] == b"["


def elements_of(path: AnyPath) -> Iterator[bytes]:
    """Yield the elements of the array that a file holds, as they are written; raise UserError if it is damaged."""
    with opened(path) as (content, _):
        yield from _elements(_Text(path, content))


class _Text:
    """The text of a stream, of which only the rest that is not consumed is in memory."""

    def __init__(self, path: AnyPath, stream: IO[bytes]) -> None:
        self.path, self.stream = path, stream
        # Bytes that are no UTF-8 come back as they were when an element is encoded; its row is then rejected.
        self.decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self.rest, self.is_complete = "", False

    def read(self) -> bool:
        """Read more, at least as much as is there, so that an element is parsed few times; return False at the end."""
        if self.is_complete:
            return False
        more = self.stream.read(max(READ_AT_ONCE, len(self.rest)))
        self.is_complete = not more
        self.rest += self.decoder.decode(more, final=self.is_complete)
        return True

    def skip(self, characters: str) -> str:
        """Skip some characters; return the next one, or an empty string at the end of the text."""
        while True:
            self.rest = self.rest.lstrip(characters)
            if self.rest or not self.read():
                return self.rest[:1]

    def take(self, length: int) -> str:
        """Return and consume the next characters."""
        taken, self.rest = self.rest[:length], self.rest[length:]
        return taken

    def damaged(self, reason: str) -> UserError:
        """Return the error for text that is no array of objects."""
        return UserError(
            f"{printable(str(self.path))}: expected a JSON array of objects, found {reason}.\n"
            "Correct the file, or write one JSON object a line (.jsonl)."
        )


def _elements(text: _Text) -> Iterator[bytes]:
    text.skip(SPACE + BYTE_ORDER_MARK)
    text.take(1)
    number, following = 0, text.skip(SPACE)
    while following != "]":
        yield text.take(_length_of_next(text, number)).encode("utf-8", "surrogateescape")
        number += 1
        if (following := text.skip(SPACE)) == ",":
            text.take(1)
            following = text.skip(SPACE)
            if following == "]":
                raise text.damaged(f"no element after the comma behind element {number}")
        elif following != "]":
            found = printable(repr(following)) if following else "the end of the file"
            raise text.damaged(f"{found} behind element {number}")
    text.take(1)
    if text.skip(SPACE):
        raise text.damaged(f"more text behind its end, after {number} elements")


def _length_of_next(text: _Text, number: int) -> int:
    """Return the number of characters of the next element, which is then in memory."""
    while True:
        try:
            _, length = _decode_one(text.rest)
        except (ValueError, RecursionError) as error:
            if len(text.rest) > LONGEST_ELEMENT or not text.read():
                reason = printable(str(error).split(":")[0].lower())
                raise text.damaged(f"element {number + 1} to be no JSON ({reason}), or too long") from None
        else:
            # A number may go on behind what is read.
            if length < len(text.rest) or not text.read():
                return length
