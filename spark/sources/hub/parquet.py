"""Parquet from the files of a dataset: checked where they are that, converted as a stream where not."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from spark.sources.hub.errors import DamagedFileError, HubError, first_line
from spark.storage.paths import AnyPath, arrow_location
from utils import printable

PARQUET_SUFFIXES = frozenset({".parquet", ".pq"})
JSON_SUFFIXES = frozenset({".jsonl", ".ndjson", ".json"})
SEPARATORS = {".csv": ",", ".tsv": "\t"}
COMPRESSIONS = {".gz": "gzip", ".bz2": "bz2", ".zst": "zstd"}
# Column types are inferred from the first block, so it is large.
BLOCK_BYTES = 32 << 20


def format_of(path: str) -> str:
    """The suffix that says a file's format, lower case and without that of its compression."""
    suffixes = [suffix.lower() for suffix in PurePosixPath(path).suffixes]
    return next((suffix for suffix in reversed(suffixes) if suffix not in COMPRESSIONS), "")


def is_parquet(path: str) -> bool:
    """Whether the name says that the file is Parquet and can be read as it is."""
    return PurePosixPath(path).suffix.lower() in PARQUET_SUFFIXES


def require_readable(dataset: str, path: str) -> None:
    """Raises HubError unless the name says that the file is Parquet or can be converted to it."""
    if not (is_parquet(path) or format_of(path) in {*JSON_SUFFIXES, *SEPARATORS, ".arrow"}):
        raise HubError(
            f"{dataset}: expected Parquet, JSON lines, CSV or Arrow files, found {printable(path)!r}.\n"
            "Convert it to Parquet and give its local path."
        )


def check_parquet(path: AnyPath) -> None:
    """Raises DamagedFileError where a file has no whole Parquet footer, as one that was cut off has not."""
    try:
        filesystem, name = arrow_location(path)
        pq.read_metadata(name, filesystem=filesystem)
    except (pa.ArrowException, OSError) as error:
        raise DamagedFileError(f"not a whole Parquet file ({first_line(error)})") from error


def convert_to_parquet(source: Path, target: Path) -> Path:
    """Writes the rows of `source` to `target`, a block at a time; raises HubError where it cannot be read."""
    try:
        with (
            open_batches(source) as batches,
            pq.ParquetWriter(target, batches.schema, compression="zstd") as writer,
        ):
            for batch in batches:
                batch.validate(full=True)  # Arrow trusts what it maps into memory: offsets may lead anywhere
                writer.write_batch(batch)
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno:
            raise  # the disk's own complaint, not the file's
        raise HubError(
            f"{printable(source.name)} cannot be converted to Parquet: {first_line(error)}.\n"
            "Expected one JSON object a line, a CSV with a header, or Arrow; give a local Parquet file instead."
        ) from error
    return target


def open_batches(source: Path) -> Any:
    """A reader of record batches over a JSON lines, CSV or Arrow file, compressed or not."""
    suffix = format_of(source.name)
    if suffix == ".arrow":
        try:
            return pa.ipc.open_stream(pa.memory_map(str(source)))
        except pa.ArrowInvalid:
            file = pa.ipc.open_file(pa.memory_map(str(source)))
            batches = (file.get_batch(number) for number in range(file.num_record_batches))
            return pa.RecordBatchReader.from_batches(file.schema, batches)
    stream = pa.input_stream(str(source), compression=COMPRESSIONS.get(source.suffix.lower()))
    if suffix in JSON_SUFFIXES:
        import pyarrow.json

        return pyarrow.json.open_json(stream, read_options=pyarrow.json.ReadOptions(block_size=BLOCK_BYTES))
    import pyarrow.csv

    return pyarrow.csv.open_csv(
        stream,
        read_options=pyarrow.csv.ReadOptions(block_size=BLOCK_BYTES),
        parse_options=pyarrow.csv.ParseOptions(delimiter=SEPARATORS[suffix], newlines_in_values=True),
    )
