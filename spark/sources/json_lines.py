"""JSON lines, each judged by itself: a line that is not as the others are is refused with its reason, and kept."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from spark.sources.internal_columns import LINE, LINE_REASON, ROW_NUMBER
from spark.sources.json_types import fits
from spark.sources.line_blocks import LONGEST_LINE, Block, lines_of

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

LINES_A_BATCH = 10_000
BYTES_A_BATCH = 8 << 20
KEPT_OF_LONG_LINES = 1_000


@dataclass(frozen=True)
class JsonLines:
    """JSONL files and their columns, in the form that travels to the workers; types by name."""

    blocks: tuple[Block, ...]
    types: Mapping[str, pa.DataType]

    def read(self, spark: SparkSession, numbered: bool) -> DataFrame:
        """One row a line, with its columns, or with the line itself and the reason to refuse it.

        numbered: whether `ROW_NUMBER` counts the lines through the files; else it is 0.
        """
        from pyspark.sql.pandas.types import from_arrow_schema

        first_numbers = self.first_numbers(spark) if numbered else None
        internal = [(LINE, pa.binary()), (LINE_REASON, pa.string()), (ROW_NUMBER, pa.int64())]

        def parse(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            for number in _block_numbers(batches):
                row = first_numbers[number] if first_numbers else 0
                for lines in in_batches(lines_of(self.blocks[number])):
                    rows = range(row, row + len(lines)) if first_numbers else [0] * len(lines)
                    columns = parse_lines(lines, self.types) | {ROW_NUMBER: pa.array(rows, pa.int64())}
                    yield pa.RecordBatch.from_pydict(columns)
                    row += len(lines)

        schema = from_arrow_schema(pa.schema([*self.types.items(), *internal]))
        return self._tasks(spark).mapInArrow(parse, schema)

    def first_numbers(self, spark: SparkSession) -> list[int]:
        """How many lines lie before each block."""
        if len(self.blocks) < 2:
            return [0]

        def count(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            for number in _block_numbers(batches):
                yield pa.RecordBatch.from_pydict(
                    {"block": [number], "lines": [sum(1 for _ in lines_of(self.blocks[number]))]}
                )

        counted = {row[0]: row[1] for row in self._tasks(spark).mapInArrow(count, "block long, lines long").collect()}
        return list(accumulate((counted[number] for number in range(len(self.blocks))), initial=0))

    def _tasks(self, spark: SparkSession) -> DataFrame:
        """One row and one task for each block."""
        return spark.range(0, len(self.blocks), 1, max(1, len(self.blocks)))


def _block_numbers(batches: Iterator[pa.RecordBatch]) -> Iterator[int]:
    for batch in batches:
        yield from batch["id"].to_pylist()


def in_batches(lines: Iterator[bytes]) -> Iterator[list[bytes]]:
    """The lines in lists that are bounded in number and bytes."""
    batch: list[bytes] = []
    size = 0
    for line in lines:
        batch.append(line)
        size += len(line)
        if len(batch) == LINES_A_BATCH or size > BYTES_A_BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def parse_lines(lines: list[bytes], types: Mapping[str, pa.DataType], has_others: bool = False) -> dict[str, pa.Array]:
    """The columns of these types, all null where a line is refused; there `LINE` and `LINE_REASON` are set.

    has_others: whether a line may have other columns too, of any type.
    """
    judged = [judge_line(line, types, has_others) for line in lines]
    records = [record if isinstance(record, dict) else {} for record in judged]
    columns = {name: pa.array([record.get(name) for record in records], type_) for name, type_ in types.items()}
    reasons = [each if isinstance(each, str) else None for each in judged]
    refused = [_kept(line) if reason else None for line, reason in zip(lines, reasons, strict=True)]
    return columns | {LINE: pa.array(refused, pa.binary()), LINE_REASON: pa.array(reasons, pa.string())}


def judge_line(line: bytes, types: Mapping[str, pa.DataType], has_others: bool) -> dict[str, Any] | str:
    """The record of a line whose columns have these types, or the reason to refuse the line."""
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
    """The object that a line holds, or the reason to refuse the line."""
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
