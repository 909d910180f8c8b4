"""Documents of any source, cut into sequences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from filters.ragged import ragged_from_lists
from filters.validity import NO_TOKENS, is_damaged
from spark.sources.cutting import Cut
from spark.sources.document_cutter import DOCUMENT_ID, TOKEN_OFFSET, TOKENS, DocumentCutter
from spark.sources.internal_columns import LINE_KIND, LINE_REASON
from spark.sources.parts import ROWS_A_BATCH, CopiedPart, Part, count_rows_before
from spark.sources.source import REJECTED_COLUMNS, FirstRows, Source
from spark.sources.token_reader import CorpusBatch, TokenReader
from spark.storage.paths import AnyPath
from utils import UserError, printable

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

DOCUMENTS_A_BATCH = 1_000  # a document may have many sequences
DOCUMENTS_TRIED = 100


@dataclass(frozen=True)
class CutPart(Part):
    """The sequences of some documents. first_document: the number of documents of the source before these."""

    documents: Part
    cutter: DocumentCutter
    first_document: int

    def batches(self, names: Sequence[str] | None = None, rows: int = ROWS_A_BATCH) -> Iterator[pa.RecordBatch]:
        """Yield the sequences; a document that gives none is one row, with `LINE_REASON`."""
        first = self.first_document
        for documents in self.documents.batches(self.cutter.names(names), min(rows, DOCUMENTS_A_BATCH)):
            for batch in self.cutter.sequences(documents, first, names):
                yield from (batch.slice(start, rows) for start in range(0, len(batch), rows))
            first += len(documents)

    def count_rows(self) -> int:
        """Return the number of rows that `batches` yields."""
        return sum(map(len, self.batches([])))

    def corpus_batches(self, reader: TokenReader, first_row: int) -> Iterator[CorpusBatch]:
        """Yield the ids and tokens of the sequences; raise UserError for a document that cannot be counted.

        Documents without tokens, and those too short for a sequence, are left out; their numbers stay free.
        """
        for batch in self.batches([TOKENS]):
            reasons = np.array(batch[LINE_REASON].to_pylist(), object)
            is_empty = np.isin(reasons, [self.cutter.cut.too_short, NO_TOKENS])
            damaged = np.flatnonzero(is_damaged(reasons) & ~is_empty)
            if len(damaged):
                row = first_row + damaged[0]
                raise UserError(f"{printable(str(self.path))}: sequence_id {row}: {printable(reasons[damaged[0]])}.")
            kept = np.flatnonzero(reasons == None)  # noqa: E711
            tokens = batch[TOKENS].take(pa.array(kept)).cast(pa.list_(pa.int32()))
            yield CorpusBatch(first_row + kept, ragged_from_lists(tokens))
            first_row += len(batch)

    def copy_without(self, removed: NDArray[np.int64], directory: AnyPath, name: str) -> CopiedPart:
        """Raise TypeError: documents are copied, not their sequences."""
        raise TypeError("expected documents to copy, found sequences cut from documents")


@dataclass(frozen=True)
class CutSource(Source):
    """Sequences cut from documents. first_documents: the number of documents before each part; None if unknown."""

    documents: Source
    cutter: DocumentCutter
    first_documents: tuple[int, ...] | None = None
    rejects_rows: ClassVar[bool] = True
    rejected_columns: ClassVar = (*REJECTED_COLUMNS, (LINE_KIND, pa.string()))

    def parts(self, bytes_a_part: int | None = None) -> tuple[CutPart, ...]:
        """Return a part for each part of the documents."""
        parts = self.documents.parts(bytes_a_part)
        first = self.first_documents or (0,) * len(parts)
        return tuple(
            CutPart(part.path, None, part, self.cutter, number) for part, number in zip(parts, first, strict=True)
        )

    def first_rows(self, count: int) -> FirstRows:
        """Return the first sequences, and the number of sequences estimated from the first documents."""
        documents, total = self.documents.first_rows(min(count, DOCUMENTS_TRIED))
        batches = [
            sequences
            for batch in documents.to_batches(DOCUMENTS_A_BATCH)
            for sequences in self.cutter.sequences(batch, 0, None)
        ]
        table = pa.Table.from_batches(batches) if batches else self.schema.empty_table()
        rows = None if total is None else round(len(table) * total / max(1, len(documents)))
        return FirstRows(table.slice(0, count), rows)

    def read(self, spark: SparkSession, numbered: bool = False) -> DataFrame:
        """Return the sequences as a frame; count the documents before, if they are known by their number."""
        if self.cutter.document_id is not None:
            return super().read(spark, numbered)
        parts = self.documents.parts()
        first = tuple(count_rows_before(spark, parts)[: len(parts)])
        return Source.read(replace(self, first_documents=first), spark, numbered)


def cut_source(documents: Source, reader: TokenReader, cut: Cut, name: str) -> CutSource:
    """Return the sequences of documents, with `document_id`, `token_offset`, `tokens` and the documents' own columns.

    name: of the documents, for messages. Raises UserError if a column of them has the name of a new one.
    """
    columns, schema = reader.columns, documents.schema
    document_id = columns.sequence_id or columns.document_id or (DOCUMENT_ID if DOCUMENT_ID in columns.others else None)
    others = tuple(each for each in columns.others if each != document_id)
    for taken in (DOCUMENT_ID, TOKEN_OFFSET):
        if taken in others:
            raise UserError(f"{name}: --sequence_tokens writes a column `{taken}`, and the data has one.\nRename it.")
    value_type = pa.int32() if columns.tokens is None else schema.field(columns.tokens).type.value_type
    id_type = pa.int64() if document_id is None else schema.field(document_id).type
    fields = [(DOCUMENT_ID, id_type), (TOKEN_OFFSET, pa.int64()), (TOKENS, pa.list_(value_type))]
    cut_schema = pa.schema([*fields, *(schema.field(each) for each in others)])
    cutter = DocumentCutter(reader, document_id, others, cut)
    return CutSource(documents.paths, cut_schema, None, documents.bytes, documents, cutter)
