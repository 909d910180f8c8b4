"""Read the elements of a JSON array, as text, one after another: memory does not grow with the file."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from typing import IO

from spark.sources.compression import opened
from spark.storage.paths import AnyPath
from utils import UserError, printable

READ_AT_ONCE = 1 << 20
LONGEST_ELEMENT = 16 << 20  # characters
SPACES, BEFORE_ARRAY = re.compile(r"[ \t\r\n]*"), re.compile("[ \t\r\n\ufeff]*")
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
    """The text of a stream. `buffer` is the part in memory; its characters from `position` are not consumed."""

    def __init__(self, path: AnyPath, stream: IO[bytes]) -> None:
        self.path, self.stream = path, stream
        # Bytes that are no UTF-8 come back as they were when an element is encoded; its row is then rejected.
        self.decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self.buffer, self.position, self.is_complete = "", 0, False

    @property
    def waiting(self) -> int:
        """The number of characters in memory that are not consumed."""
        return len(self.buffer) - self.position

    def read(self) -> bool:
        """Read more, at least as much as is there, so that an element is parsed few times; return False at the end."""
        if self.is_complete:
            return False
        more = self.stream.read(max(READ_AT_ONCE, self.waiting))
        self.is_complete = not more
        text = self.decoder.decode(more, final=self.is_complete)
        self.buffer, self.position = self.buffer[self.position :] + text, 0
        return True

    def skip(self, spaces: re.Pattern[str]) -> str:
        """Skip characters; return the next one, or an empty string at the end of the text."""
        while True:
            match = spaces.match(self.buffer, self.position)
            self.position = match.end() if match else self.position
            if self.waiting or not self.read():
                return self.buffer[self.position : self.position + 1]

    def take(self, end: int) -> str:
        """Return and consume the text to a position of the buffer."""
        start, self.position = self.position, end
        return self.buffer[start:end]

    def damaged(self, reason: str) -> UserError:
        """Return the error for text that is no array of objects."""
        return UserError(
            f"{printable(str(self.path))}: expected a JSON array of objects, found {reason}.\n"
            "Correct the file, or write one JSON object a line (.jsonl)."
        )


def _elements(text: _Text) -> Iterator[bytes]:
    text.skip(BEFORE_ARRAY)
    text.position += 1
    number, following = 0, text.skip(SPACES)
    while following != "]":
        yield text.take(_end_of_next(text, number)).encode("utf-8", "surrogateescape")
        number += 1
        if (following := text.skip(SPACES)) == ",":
            text.position += 1
            following = text.skip(SPACES)
            if following == "]":
                raise text.damaged(f"no element after the comma behind element {number}")
        elif following != "]":
            found = printable(repr(following)) if following else "the end of the file"
            raise text.damaged(f"{found} behind element {number}")
    text.position += 1
    if text.skip(SPACES):
        raise text.damaged(f"more text behind its end, after {number} elements")


def _end_of_next(text: _Text, number: int) -> int:
    """Return the position behind the next element, which is then in memory."""
    while True:
        try:
            _, end = _decode_one(text.buffer, text.position)
        except (ValueError, RecursionError) as error:
            if text.waiting > LONGEST_ELEMENT or not text.read():
                reason = printable(str(error).split(":")[0].lower())
                raise text.damaged(f"element {number + 1} to be no JSON ({reason}), or too long") from None
        else:
            # A number may go on behind what is read.
            if end < len(text.buffer) or not text.read():
                return end
