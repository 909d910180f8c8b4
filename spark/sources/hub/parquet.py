"""Check Parquet files, and convert JSON lines, CSV and Arrow files to Parquet, a block at a time."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from spark.sources.delimited_rows import NOT_CLOSED, WithEnd, end_row
from spark.sources.hub.errors import DamagedFileError, HubError, first_line
from spark.storage.paths import AnyPath, arrow_location
from utils import printable

PARQUET_SUFFIXES = frozenset({".parquet", ".pq"})
JSON_SUFFIXES = frozenset({".jsonl", ".ndjson", ".json"})
SEPARATORS = {".csv": ",", ".tsv": "\t"}
COMPRESSIONS = {".gz": "gzip", ".bz2": "bz2", ".zst": "zstd"}
# Large, because column types are inferred from the first block.
BLOCK_BYTES = 32 << 20


def format_of(path: str) -> str:
    """Return the suffix that names a file's format: in lower case, without that of its compression."""
    suffixes = [suffix.lower() for suffix in PurePosixPath(path).suffixes]
    return next((suffix for suffix in reversed(suffixes) if suffix not in COMPRESSIONS), "")


def is_parquet(path: str) -> bool:
    """Return whether a file is Parquet by its name, and not compressed as a whole."""
    return PurePosixPath(path).suffix.lower() in PARQUET_SUFFIXES


def require_readable(dataset: str, path: str) -> None:
    """Raise HubError unless a file is Parquet by its name, or can be converted to it."""
    if not (is_parquet(path) or format_of(path) in {*JSON_SUFFIXES, *SEPARATORS, ".arrow"}):
        raise HubError(
            f"{dataset}: expected Parquet, JSON lines, CSV or Arrow files, found {printable(path)!r}.\n"
            "Convert it to Parquet and give its local path."
        )


def check_parquet(path: AnyPath) -> None:
    """Raise DamagedFileError if a file has no whole Parquet footer, as when it was cut off."""
    try:
        filesystem, name = arrow_location(path)
        pq.read_metadata(name, filesystem=filesystem)
    except (pa.ArrowException, OSError) as error:
        raise DamagedFileError(f"not a whole Parquet file ({first_line(error)})") from error


def convert_to_parquet(source: Path, target: Path, *, block_bytes: int = BLOCK_BYTES) -> Path:
    """Write the rows of `source` to `target`, a block at a time; raise HubError if it cannot be read."""
    try:
        with (
            open_batches(source, block_bytes) as batches,
            pq.ParquetWriter(target, batches.schema, compression="zstd") as writer,
        ):
            for batch in batches:
                batch.validate(full=True)  # Arrow does not check the offsets that it maps into memory
                writer.write_batch(batch)
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno:
            raise  # an error of the disk, not of the file
        raise HubError(
            f"{printable(source.name)} cannot be converted to Parquet: {first_line(error)}.\n"
            "Expected one JSON object a line, a CSV with a header, or Arrow; give a local Parquet file instead."
        ) from error
    return target


def open_batches(source: Path, block_bytes: int) -> Any:
    """Return a reader of record batches over a JSON lines, CSV or Arrow file, compressed or not."""
    suffix = format_of(source.name)
    if suffix == ".arrow":
        try:
            return pa.ipc.open_stream(pa.memory_map(str(source)))
        except pa.ArrowInvalid:
            file = pa.ipc.open_file(pa.memory_map(str(source)))
            batches = (file.get_batch(number) for number in range(file.num_record_batches))
            return pa.RecordBatchReader.from_batches(file.schema, batches)
    if suffix in JSON_SUFFIXES:
        import pyarrow.json

        stream = _stream_of(source)
        return pyarrow.json.open_json(stream, read_options=pyarrow.json.ReadOptions(block_size=block_bytes))
    return _open_csv(source, SEPARATORS[suffix], block_bytes)


def _stream_of(source: Path) -> pa.NativeFile:
    return pa.input_stream(str(source), compression=COMPRESSIONS.get(source.suffix.lower()))


def _open_csv(source: Path, separator: str, block_bytes: int) -> pa.RecordBatchReader:
    """Return a reader of a CSV file that raises pa.ArrowInvalid at its end if a quotation mark is not closed."""
    import pyarrow.csv

    found: list[str] = []

    def on_wrong_row(row: Any) -> str:
        found.append(row.text)
        return "skip" if row.text.encode() == end else "error"

    read = pyarrow.csv.ReadOptions(block_size=block_bytes)
    parse = pyarrow.csv.ParseOptions(delimiter=separator, newlines_in_values=True)
    with pyarrow.csv.open_csv(_stream_of(source), read_options=read, parse_options=parse) as reader:
        end = end_row(separator, len(reader.schema))
    parse.invalid_row_handler = on_wrong_row
    content = io.BufferedReader(WithEnd(_stream_of(source), b"\n" + end + b"\n"))
    reader = pyarrow.csv.open_csv(content, read_options=read, parse_options=parse)

    def batches() -> Iterator[pa.RecordBatch]:
        yield from reader
        if not found:
            raise pa.ArrowInvalid(NOT_CLOSED)

    return pa.RecordBatchReader.from_batches(reader.schema, batches())
