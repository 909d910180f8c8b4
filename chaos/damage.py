"""Damage to the bytes of a file, as disks, networks, full volumes and careless tools cause it."""

from __future__ import annotations

import random
from collections.abc import Callable

LENGTH_AND_MAGIC = 8  # bytes at the end of a Parquet file: the length of its footer, and PAR1

Damage = Callable[[random.Random, bytes], bytes]


def damage(chosen: random.Random, content: bytes) -> bytes:
    """Return the content with random damage of one or more kinds."""
    for _ in range(chosen.choice([1, 1, 1, 2, 3, 8])):
        if content:
            content = chosen.choice(KINDS)(chosen, content)
    return content


def damage_parquet(chosen: random.Random, content: bytes, rows: int) -> bytes:
    """Return a Parquet file with damage to its footer, its row counts, its pages and their headers, or anywhere."""
    footer = len(content) - LENGTH_AND_MAGIC - int.from_bytes(content[-8:-4], "little")
    kind = chosen.random()
    if kind < 0.2:
        return damage(chosen, content)
    if kind < 0.4:
        return _with_footer(content[:footer], damage(chosen, content[footer:-LENGTH_AND_MAGIC]))
    if kind < 0.55:
        return _with_footer(content[:footer], _with_wrong_counts(chosen, content[footer:-LENGTH_AND_MAGIC], rows))
    pages = content[:footer]
    for _ in range(chosen.choice([1, 1, 2, 5])):
        # Keep the length, so that the footer still points to the pages.
        pages = chosen.choice([flip_bits, overwrite])(chosen, pages)
    return pages + content[footer:]


def flip_bits(chosen: random.Random, content: bytes) -> bytes:
    """Flip one to four bits."""
    changed = bytearray(content)
    for _ in range(chosen.randrange(1, 5)):
        changed[chosen.randrange(len(changed))] ^= 1 << chosen.randrange(8)
    return bytes(changed)


def overwrite(chosen: random.Random, content: bytes) -> bytes:
    """Overwrite a range with zeros, ones, 0x7F or random bytes."""
    start, stop = _range(chosen, content)
    filler = chosen.choice([b"\x00", b"\xff", b"\x7f", None])
    written = bytes(chosen.randrange(256) for _ in range(start, stop)) if filler is None else filler * (stop - start)
    return content[:start] + written + content[stop:]


def truncate(chosen: random.Random, content: bytes) -> bytes:
    """Cut off the end."""
    return content[: chosen.randrange(len(content))]


def repeat_range(chosen: random.Random, content: bytes) -> bytes:
    """Repeat a range."""
    start, stop = _range(chosen, content)
    return content[:stop] + content[start:]


def remove_range(chosen: random.Random, content: bytes) -> bytes:
    """Remove a range."""
    start, stop = _range(chosen, content)
    return content[:start] + content[stop:]


def append(chosen: random.Random, content: bytes) -> bytes:
    """Append zeros, as a crashed file system does, a line end, the file itself, or PAR1."""
    return content + chosen.choice([b"\x00" * 512, b"\n", content, b"PAR1"])


def put_in(chosen: random.Random, content: bytes) -> bytes:
    """Insert bytes that have a meaning to parsers at a random place."""
    place = chosen.randrange(len(content) + 1)
    bytes_ = chosen.choice([b"\n", b"\r", b"\r\n", b"\x00", b"\xef\xbb\xbf", b"\x1b[2J", b"\xed\xa0\x80", b'"', b"{"])
    return content[:place] + bytes_ + content[place:]


KINDS: tuple[Damage, ...] = (flip_bits, flip_bits, overwrite, truncate, repeat_range, remove_range, append, put_in)


def _range(chosen: random.Random, content: bytes) -> tuple[int, int]:
    start = chosen.randrange(len(content))
    longest = chosen.choice([8, 64, len(content)])
    return start, min(len(content), start + chosen.randrange(1, longest + 1))


def _with_footer(before: bytes, footer: bytes) -> bytes:
    return before + footer + len(footer).to_bytes(4, "little") + b"PAR1"


def _with_wrong_counts(chosen: random.Random, footer: bytes, rows: int) -> bytes:
    """Return a footer with a wrong number of rows or values, in one place or in all."""
    true, false = varint(rows), varint(chosen.choice([0, 1, rows - 1, rows + 1, 2**31, 2**40, 2**62, -1]))
    places = [i for i in range(len(footer)) if footer.startswith(true, i)]
    if chosen.random() < 0.7:
        places = chosen.sample(places, min(1, len(places)))
    for place in reversed(places):
        footer = footer[:place] + false + footer[place + len(true) :]
    return footer


def varint(number: int) -> bytes:
    """Return a number as Thrift's compact protocol writes it: zigzag, seven bits per byte."""
    left = (number << 1) ^ (number >> 63)
    written = bytearray()
    while left > 0x7F:
        written.append(left & 0x7F | 0x80)
        left >>= 7
    return bytes([*written, left])
