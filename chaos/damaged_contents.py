"""Damaged files with hostile contents; the same seed always makes the same file."""

from __future__ import annotations

import gzip
import io
import json
import random
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from chaos.damage import damage, damage_parquet

# Texts that a terminal, a path, a pattern, a query or a parser could interpret.
HOSTILE_TEXTS = (
    "\x1b[31mred\x1b[0m \x1b]8;;http://example.invalid\x07link\x1b]8;;\x07 \x9b2J",
    "[bold]markup[/bold] [/] [link=file:///etc/passwd]x[/link]",
    "line\r\nbreaks\rand\u2028others\x0b\x0c\x85",
    "right \u202e to left \u2066 isolated \ufeff",
    "NUL \x00 and DEL \x7f",
    "../../etc/passwd ${jndi:ldap://x} $(id) `id` %s {0}",
    "é 漢字 🙂 \U0010ffff",
    "' OR 1=1; -- \" \\ \\u0000",
    "",
)
LARGEST_TOKEN = 280


class MadeFile(NamedTuple):
    """The name and the bytes of a file."""

    name: str
    content: bytes


def make_file(seed: int) -> MadeFile:
    """Return the file of a seed: two of three are Parquet, the others JSON lines; a quarter of those is compressed."""
    chosen = random.Random(seed)
    if seed % 3:
        return MadeFile("data.parquet", _parquet(chosen))
    lines = _json_lines(chosen)
    if chosen.random() < 0.6:
        lines = damage(chosen, lines)
    if chosen.random() < 0.75:
        return MadeFile("data.jsonl", lines)
    compressed = gzip.compress(lines, mtime=0)
    if chosen.random() < 0.2:
        compressed += gzip.compress(lines, mtime=0)
    return MadeFile("data.jsonl.gz", damage(chosen, compressed) if chosen.random() < 0.7 else compressed)


def _parquet(chosen: random.Random) -> bytes:
    rows = chosen.choice([1, 150, 300])
    table = pa.table({name: _column(chosen, name, rows) for name in _column_names(chosen)})
    buffer = io.BytesIO()
    pq.write_table(
        table,
        buffer,
        compression=chosen.choice(["none", "none", "snappy", "zstd", "gzip", "lz4", "brotli"]),
        use_dictionary=chosen.random() < 0.5,
        data_page_version=chosen.choice(["1.0", "2.0"]),
        data_page_size=chosen.choice([200, 1 << 20]),
        row_group_size=chosen.choice([40, 1000]),
        write_page_checksum=chosen.random() < 0.3,
        write_page_index=chosen.random() < 0.3,
        store_schema=chosen.random() < 0.5,
    )
    return damage_parquet(chosen, buffer.getvalue(), rows) if chosen.random() < 0.97 else buffer.getvalue()


def _column_names(chosen: random.Random) -> list[str]:
    names = chosen.choice([["tokens"], ["text"], ["tokens", "text"]])
    with_id = ["sequence_id"] if chosen.random() < 0.6 else []
    return [*with_id, *names, *chosen.sample(["mine", "nested", *HOSTILE_TEXTS[:5]], chosen.randrange(3))]


def _column(chosen: random.Random, name: str, rows: int) -> pa.Array:
    def some(value: Any) -> Any:
        return value if chosen.random() < 0.97 else None

    if name == "sequence_id":
        return pa.array(range(rows), chosen.choice([pa.int64(), pa.int32(), pa.uint64()]))
    if name == "tokens":
        tokens = [some([chosen.randrange(LARGEST_TOKEN + 2) for _ in range(chosen.randrange(12))]) for _ in range(rows)]
        return pa.array(tokens, pa.list_(chosen.choice([pa.int32(), pa.int64(), pa.uint16()])))
    if name == "nested":
        return pa.array([some({"x": [1.5, None], "y": {"z": str(row)}}) for row in range(rows)])
    texts = [some(_text(chosen)) for _ in range(rows)]
    return pa.array([None if t is None else t.encode() for t in texts], chosen.choice([pa.string(), pa.binary()]))


def _text(chosen: random.Random) -> str:
    return chosen.choice(HOSTILE_TEXTS) + " ".join(chosen.choice(["one", "two", "three"]) for _ in range(5))


def _json_lines(chosen: random.Random) -> bytes:
    """Return records of the same columns; a few lines are not what a line of JSON should be."""
    columns = chosen.choice([["text"], ["tokens"], ["sequence_id", "tokens", "text"], ["text", "mine", "nested"]])
    lines = []
    for row in range(chosen.choice([1, 20, 200])):
        record = {name: _value(chosen, name, row) for name in columns}
        line = json.dumps(record, ensure_ascii=chosen.random() < 0.5).encode("utf-8", "surrogatepass")
        lines.append(_odd_line(chosen, line) if chosen.random() < 0.08 else line)
    ending = chosen.choice([b"\n", b"\n", b"\r\n", b"\r"])
    start = chosen.choice([b"", b"", b"", b"\xef\xbb\xbf", b"\n\n", b"\xff\xfe"])
    content = start + ending.join(lines) + chosen.choice([b"", ending])
    return content if chosen.random() < 0.97 else content.decode("utf-8", "replace").encode("utf-16")


def _value(chosen: random.Random, name: str, row: int) -> Any:
    values: dict[str, Any] = {
        "sequence_id": row,
        "tokens": [chosen.randrange(LARGEST_TOKEN) for _ in range(chosen.randrange(1, 12))],
        "text": _text(chosen),
        "mine": chosen.random(),
        "nested": {"x": [row, None]},
    }
    odd = [None, True, -1, 2**63, 2**200, 1e308, float("nan"), "", [], {}, [[1]], "\ud800", [None], [1.5], {"x": 3}]
    return values[name] if chosen.random() < 0.98 else chosen.choice(odd)


def _odd_line(chosen: random.Random, line: bytes) -> bytes:
    depth = chosen.choice([10, 900, 100_000])
    return chosen.choice(
        [
            b"",
            b" \t",
            b"null",
            b"[1]",
            b"3",
            b"{}",
            b'{"text": "a", "text": "b"}',
            b'{"later": 1}',
            b'{"text": ' + b"9" * 6_000 + b"}",
            b'{"text": 1e999, "mine": -Infinity}',
            b'{"a":' * depth + b"1" + b"}" * depth,
            b"[" * depth,
            b"\xef\xbb\xbf" + line,
            line[: len(line) // 2],
            line + line,
            line.replace(b" ", b"\r", 1),
            b'{"text": "' + b"long " * 100_000 + b'"}',
            b"\x00" * 50,
            bytes(chosen.randrange(256) for _ in range(40)).replace(b"\n", b""),
        ]
    )
