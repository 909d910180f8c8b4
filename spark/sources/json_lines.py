"""Parse JSON lines, each by itself: a line that does not fit the columns is rejected with a reason, and kept."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from spark.sources.internal_columns import LINE, LINE_REASON
from spark.sources.json_types import fits
from spark.sources.line_blocks import LONGEST_LINE

BYTES_A_BATCH = 8 << 20
KEPT_OF_LONG_LINES = 1_000


def in_batches(lines: Iterator[bytes], most: int) -> Iterator[list[bytes]]:
    """Yield the lines in lists of at most `most` lines and about BYTES_A_BATCH bytes."""
    batch: list[bytes] = []
    size = 0
    for line in lines:
        batch.append(line)
        size += len(line)
        if len(batch) == most or size > BYTES_A_BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def parse_lines(lines: list[bytes], types: Mapping[str, pa.DataType], has_others: bool = False) -> dict[str, pa.Array]:
    """Return the columns of these types, and `LINE` and `LINE_REASON`, which are null for good lines.

    The columns are null where a line is rejected. has_others: whether a line may have other columns, of any type.
    """
    judged = [judge_line(line, types, has_others) for line in lines]
    records = [record if isinstance(record, dict) else {} for record in judged]
    columns = {name: pa.array([record.get(name) for record in records], type_) for name, type_ in types.items()}
    reasons = [each if isinstance(each, str) else None for each in judged]
    rejected = [_kept(line) if reason else None for line, reason in zip(lines, reasons, strict=True)]
    return columns | {LINE: pa.array(rejected, pa.binary()), LINE_REASON: pa.array(reasons, pa.string())}


def judge_line(line: bytes, types: Mapping[str, pa.DataType], has_others: bool) -> dict[str, Any] | str:
    """Return the record of a line whose columns have these types, or the reason to reject the line."""
    record = record_of(line)
    if isinstance(record, str):
        return record
    for name, value in record.items():
        if name not in types:
            if has_others:
                continue
            return f"the first lines of the files have no column {name[:100]!r}"
        if value is not None and not fits(value, types[name]):
            if isinstance(value, str) and pa.types.is_string(types[name]):
                return f"column {name[:100]!r} holds half of a surrogate pair, which is no character"
            return f"column {name[:100]!r} is not of type {str(types[name])[:300]}"
    return record


def record_of(line: bytes) -> dict[str, Any] | str:
    """Return the object that a line holds, or the reason to reject the line."""
    if len(line) > LONGEST_LINE:
        return f"the line is longer than {LONGEST_LINE} bytes; its first {KEPT_OF_LONG_LINES} are kept"
    try:
        record = json.loads(line.removeprefix(b"\xef\xbb\xbf").decode("utf-8"), object_pairs_hook=_without_repeats)
    except UnicodeDecodeError:
        return "the line is not valid UTF-8"
    except (ValueError, RecursionError) as error:
        return f"the line is not JSON: {error}"[:200]
    return record if isinstance(record, dict) else f"the line is not a JSON object but a {type(record).__name__}"


def _kept(line: bytes) -> bytes:
    return line if len(line) <= LONGEST_LINE else line[:KEPT_OF_LONG_LINES]


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) < len(pairs):
        raise ValueError("a key is there twice")
    return record
