"""JSON lines, each judged by itself: a line that is not as the others are is refused with its reason, and kept."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from spark.layout import INTERNAL, LINE

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

LINE_REASON = f"{INTERNAL}line_reason"
ROW_NUMBER = f"{INTERNAL}row_number"
INT64 = range(-(2**63), 2**63)


@dataclass(frozen=True)
class JsonLines:
    """The columns of JSONL files, in the form that travels to the workers; types by name."""

    types: Mapping[str, pa.DataType]

    def parse(self, lines: DataFrame) -> DataFrame:
        """One row a line (binary column `value`), with its columns, or with the line itself and the reason."""
        from pyspark.sql.pandas.types import from_arrow_schema

        kept = [field for field in lines.schema if field.name != "value"]
        schema = from_arrow_schema(pa.schema([*self.types.items(), (LINE, pa.binary()), (LINE_REASON, pa.string())]))
        for field in kept:
            schema = schema.add(field)
        return lines.mapInArrow(self._parse_batches, schema)

    def _parse_batches(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            parsed = parse_lines(batch["value"].to_pylist(), self.types)
            kept = {name: batch[name] for name in batch.schema.names if name != "value"}
            yield pa.RecordBatch.from_pydict(parsed | kept)


def parse_lines(lines: list[bytes], types: Mapping[str, pa.DataType]) -> dict[str, pa.Array]:
    """The columns of these types, all null where a line is refused; there `LINE` and `LINE_REASON` are set."""
    judged = [judge_line(line, types) for line in lines]
    records = [record if isinstance(record, dict) else {} for record in judged]
    columns = {name: pa.array([record.get(name) for record in records], type_) for name, type_ in types.items()}
    reasons = [each if isinstance(each, str) else None for each in judged]
    refused = [line if reason else None for line, reason in zip(lines, reasons, strict=True)]
    return columns | {LINE: pa.array(refused, pa.binary()), LINE_REASON: pa.array(reasons, pa.string())}


def judge_line(line: bytes, types: Mapping[str, pa.DataType]) -> dict[str, Any] | str:
    """The record of a line whose columns have these types, or the reason to refuse the line."""
    try:
        record = json.loads(line.removeprefix(b"\xef\xbb\xbf").decode("utf-8"), object_pairs_hook=_without_repeats)
    except UnicodeDecodeError:
        return "the line is not valid UTF-8"
    except (ValueError, RecursionError) as error:
        return f"the line is not JSON: {error}"[:200]
    if not isinstance(record, dict):
        return f"the line is not a JSON object but a {type(record).__name__}"
    for name, value in record.items():
        if name not in types:
            return f"the first lines of the files have no column {name[:100]!r}"
        if value is not None and not fits(value, types[name]):
            return f"column {name[:100]!r} is not of type {types[name]}"
    return record


def column_types(records: list[dict[str, Any]], known: Mapping[str, pa.DataType]) -> dict[str, pa.DataType]:
    """The type of each column of these records: a known one where any value fits it, else what the values say."""
    types: dict[str, pa.DataType] = {}
    for name in dict.fromkeys(name for record in records for name in record):
        values = [record[name] for record in records if record.get(name) is not None]
        if name in known and (not values or any(fits(value, known[name]) for value in values)):
            types[name] = known[name]
        else:
            types[name] = _common_type(values)
    return types


def fits(value: Any, type_: pa.DataType) -> bool:
    """Whether a JSON value is of an Arrow type as it stands, without being turned into it."""
    if pa.types.is_boolean(type_):
        return isinstance(value, bool)
    if pa.types.is_int64(type_):
        return type(value) is int and value in INT64
    if pa.types.is_float64(type_):
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if pa.types.is_string(type_):
        return isinstance(value, str) and _is_encodable(value)
    if pa.types.is_list(type_):
        return isinstance(value, list) and all(item is None or fits(item, type_.value_type) for item in value)
    if pa.types.is_struct(type_):
        members = {field.name: field.type for field in type_}
        return isinstance(value, dict) and all(
            name in members and (item is None or fits(item, members[name])) for name, item in value.items()
        )
    return False


def _common_type(values: list[Any]) -> pa.DataType:
    """The type of all values, or of the first where they differ; text where they say nothing."""
    infer: Callable[[list[Any]], pa.DataType] = lambda some: pa.array(some).type  # noqa: E731
    for some in (values, values[:1]):
        try:
            return _without_nulls(infer(some))
        except (pa.ArrowException, OverflowError, UnicodeEncodeError):
            continue
    return pa.string()


def _without_nulls(type_: pa.DataType) -> pa.DataType:
    """The type with text in place of what is not known, as in an empty list."""
    if pa.types.is_null(type_):
        return pa.string()
    if pa.types.is_list(type_):
        return pa.list_(_without_nulls(type_.value_type))
    if pa.types.is_struct(type_):
        return pa.struct([(field.name, _without_nulls(field.type)) for field in type_])
    return type_


def _is_encodable(text: str) -> bool:
    """Whether the text has no half of a surrogate pair, which JSON can write and UTF-8 cannot."""
    return not any("\ud800" <= character <= "\udfff" for character in text) if not text.isascii() else True


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) < len(pairs):
        raise ValueError("a key is there twice")
    return record
