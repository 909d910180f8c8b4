"""The rows of Parquet and JSONL files as parts of a corpus: tokens as they are, or text that is encoded."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from filters.measuring import encode_text
from filters.ragged import ragged_from_lists
from filters.validity import Reasons, is_damaged, text_rejections, token_rejections
from filters.vocabulary import Vocabulary, read_vocabulary
from spark.sources.corpus_parts import ROWS_A_BATCH, CopiedPart, CorpusBatch, is_kept
from spark.sources.input_columns import InputColumns
from spark.sources.internal_columns import LINE_REASON
from spark.sources.json_lines import in_batches, parse_lines
from spark.sources.line_blocks import Block, is_compressed, lines_of
from spark.storage.paths import AnyPath, arrow_location
from utils import UserError, printable


@dataclass(frozen=True)
class TableSource:
    """What the rows of a table are read with.

    columns: which is which. schema: of all columns, as plain types.
    tokenizer_json: the content of the tokenizer's file, which travels to the workers; None where none is known.
    """

    columns: InputColumns
    schema: pa.Schema
    tokenizer_json: str | None

    @property
    def names(self) -> list[str]:
        """The columns that are read."""
        needed = (self.columns.sequence_id, self.columns.tokens or self.columns.text)
        return [name for name in needed if name is not None]

    def batch(self, table: pa.RecordBatch, first_row: int, path: AnyPath) -> CorpusBatch:
        """The ids and tokens of some rows; raises UserError for one without."""
        vocabulary = _vocabulary(self.tokenizer_json) if self.tokenizer_json else None
        ids = self._sequence_ids(table, first_row, path)
        if self.columns.tokens is not None:
            tokens = table[self.columns.tokens]
            known = None if vocabulary is None else vocabulary.in_vocabulary
            _require_none(token_rejections(tokens, known), ids, path)
            return CorpusBatch(ids, ragged_from_lists(tokens.cast(pa.list_(pa.int32()))))
        assert self.columns.text is not None and vocabulary is not None  # else it was refused before Spark started
        text = table[self.columns.text]
        text = text.view(pa.string()) if pa.types.is_binary(text.type) else text
        _require_none(text_rejections(text, "text is null"), ids, path)
        tokens = encode_text(text, vocabulary.tokenizer)
        return CorpusBatch(ids, ragged_from_lists(tokens))

    def _sequence_ids(self, table: pa.RecordBatch, first_row: int, path: AnyPath) -> NDArray[np.int64]:
        if self.columns.sequence_id is None:
            return np.arange(first_row, first_row + len(table))
        column = table[self.columns.sequence_id]
        if column.null_count:
            raise UserError(
                f"{printable(str(path))}: a sequence_id is null.\nGive every row one, or leave out the column."
            )
        ids: NDArray[np.int64] = np.asarray(column.cast(pa.int64()))
        return ids


@dataclass(frozen=True)
class ParquetPart:
    """Some row groups of a Parquet file. first_row: how many rows of the table lie before them."""

    source: TableSource
    path: AnyPath
    row_groups: tuple[int, ...]
    first_row: int

    def batches(self) -> Iterator[CorpusBatch]:
        """The rows of the row groups."""
        filesystem, name = arrow_location(self.path)
        row = self.first_row
        try:
            with pq.ParquetFile(name, filesystem=filesystem, page_checksum_verification=True) as file:
                groups = file.iter_batches(ROWS_A_BATCH, row_groups=list(self.row_groups), columns=self.source.names)
                for table in groups:
                    plain = pa.schema([self.source.schema.field(each) for each in table.schema.names])
                    yield self.source.batch(table.cast(plain), row, self.path)
                    row += len(table)
        except (OSError, pa.ArrowException) as error:
            reason = printable(" ".join(str(error).split()))[:300]
            raise UserError(f"{printable(str(self.path))} is damaged, or cannot be read: {reason}.") from None

    def copy_without(self, removed: NDArray[np.int64], directory: AnyPath, name: str) -> CopiedPart:
        """Writes the other rows of the row groups, with all of their columns."""
        filesystem, source = arrow_location(self.path)
        target_filesystem, target = arrow_location(directory / f"{name}.parquet")
        position = rows = 0
        with (
            pq.ParquetFile(source, filesystem=filesystem) as file,
            pq.ParquetWriter(target, file.schema_arrow, compression="zstd", filesystem=target_filesystem) as writer,
        ):
            for batch in file.iter_batches(ROWS_A_BATCH, row_groups=list(self.row_groups)):
                kept = batch.filter(pa.array(is_kept(removed, position, position + len(batch))))
                if len(kept):
                    writer.write_batch(kept)
                position, rows = position + len(batch), rows + len(kept)
        return CopiedPart(f"{name}.parquet", rows)


@dataclass(frozen=True)
class JsonLinesPart:
    """The lines that begin in a block of a JSONL file.

    first_row: how many lines of the table lie before them; None before they were counted.
    """

    source: TableSource
    block: Block
    first_row: int | None

    def batches(self) -> Iterator[CorpusBatch]:
        """The lines of the block."""
        row = self.first_row or 0
        types = {name: self.source.schema.field(name).type for name in self.source.names}
        for lines in in_batches(lines_of(self.block)):
            columns = parse_lines(lines, types, has_others=True)
            for place, reason in enumerate(columns[LINE_REASON].to_pylist()):
                if reason is not None:
                    raise UserError(f"{printable(str(self.block.path))}: line {row + place + 1}: {printable(reason)}.")
            table = pa.RecordBatch.from_pydict({name: columns[name] for name in types})
            yield self.source.batch(table, row, self.block.path)
            row += len(lines)

    def copy_without(self, removed: NDArray[np.int64], directory: AnyPath, name: str) -> CopiedPart:
        """Writes the other lines of the block as they are; compressed where the file is."""
        compressed = is_compressed(self.block.path)
        name = f"{name}.jsonl.gz" if compressed else f"{name}.jsonl"
        gone, rows = set(removed.tolist()), 0
        with (directory / name).open("wb") as file:
            stream = gzip.GzipFile("", "wb", fileobj=file, mtime=0) if compressed else file
            for position, line in enumerate(lines_of(self.block)):
                if position not in gone:
                    stream.write(line + b"\n")
                    rows += 1
            if compressed:
                stream.close()
        return CopiedPart(name, rows)


@lru_cache(maxsize=2)
def _vocabulary(tokenizer_json: str) -> Vocabulary:
    from tokenizers import Tokenizer

    return read_vocabulary(Tokenizer.from_str(tokenizer_json))


def _require_none(reasons: Reasons, ids: NDArray[np.int64], path: AnyPath) -> None:
    for row in np.flatnonzero(is_damaged(reasons))[:1]:
        raise UserError(
            f"{printable(str(path))}: sequence_id {ids[row]}: {printable(str(reasons[row]))}.\n"
            "What is counted in a corpus would be wrong without it: mend the row, or take it away."
        )
