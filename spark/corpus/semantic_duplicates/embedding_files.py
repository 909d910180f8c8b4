"""Parquet files of embeddings: writing, reading in blocks, and drawing a sample."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from features.semantic_duplicates.similarity import Embeddings
from filters.ragged import ragged_from_lists
from spark.sources.spark_names import escape_glob
from spark.storage.paths import AnyPath, arrow_location, files_below

SHA_DIGITS = 15  # hexadecimal digits of a SHA-256 that fit into a long


class Block(NamedTuple):
    """Files that are read together, and the number of their rows."""

    files: tuple[AnyPath, ...]
    rows: int


def write_table(frame: DataFrame, directory: AnyPath) -> DataFrame:
    """Write a frame to a new directory as Parquet; return a frame that reads these files."""
    # Embeddings do not compress; for other columns, zstd costs little.
    frame.write.option("parquet.enable.dictionary", "false").parquet(str(directory))
    return read_table(frame.sparkSession, directory)


def read_table(spark: SparkSession, directory: AnyPath) -> DataFrame:
    """Return a frame that reads the Parquet files in a directory."""
    return spark.read.parquet(escape_glob(directory))


def blocks_of_embeddings(directory: AnyPath, rows_a_block: int) -> list[Block]:
    """Group the files of a table, in the order of their names, into blocks of at most `rows_a_block` rows.

    A larger file is a block of its own.
    """
    blocks: list[Block] = []
    for path in files_below(directory).values():
        if not path.name.endswith(".parquet"):
            continue
        filesystem, name = arrow_location(path)
        rows = pq.read_metadata(name, filesystem=filesystem).num_rows
        if blocks and blocks[-1].rows + rows <= rows_a_block:
            blocks[-1] = Block((*blocks[-1].files, path), blocks[-1].rows + rows)
        elif rows:
            blocks.append(Block((path,), rows))
    return blocks


def read_block(block: Block, names: Iterable[str]) -> pa.Table:
    """Return these columns of a block."""
    tables = []
    for path in block.files:
        filesystem, name = arrow_location(path)
        with pq.ParquetFile(name, filesystem=filesystem) as file:
            tables.append(file.read(list(names)))
    return pa.concat_tables(tables)


def embedding_matrix(column: pa.ChunkedArray | pa.ListArray) -> Embeddings:
    """Return a column of lists as float32, shape (rows, dimensions); raise ValueError if their lengths differ."""
    lists = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    values, offsets = ragged_from_lists(lists)
    lengths = np.unique(np.diff(offsets))
    if len(lengths) > 1:
        raise ValueError(f"expected embeddings of one length, found {lengths.min()} to {lengths.max()} numbers")
    return values.reshape(len(offsets) - 1, -1 if len(offsets) > 1 else 0).astype(np.float32, copy=False)


def draw_embeddings(embedded: DataFrame, share: float, directory: AnyPath) -> Embeddings:
    """Return about this share of the embeddings, 0 to 1, as float32, shape (rows, dimensions), ordered by content.

    The content decides whether an embedding is drawn, so the same embeddings are drawn on every machine.
    embedded: `content`, a SHA-256 in hexadecimal digits, and `embedding`.
    """
    largest = int(min(1.0, share) * 16**SHA_DIGITS) - 1
    number = F.conv(F.substring("content", 1, SHA_DIGITS), 16, 10).cast("long")
    write_table(embedded.where(number <= largest).select("content", "embedding"), directory)
    blocks = blocks_of_embeddings(directory, rows_a_block=0)
    if not blocks:
        return np.zeros((0, 0), np.float32)
    drawn = pa.concat_tables([read_block(block, ("content", "embedding")) for block in blocks])
    return embedding_matrix(drawn.sort_by("content")["embedding"])
