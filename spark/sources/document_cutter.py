"""Cut batches of documents into batches of sequences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from filters.arrow_input import plain_lists, plain_text
from filters.measuring import encode_text
from filters.ragged import arrow_offsets
from filters.reasons import Reason, ReasonKind, Reasons
from filters.validity import (
    NULL_TEXT,
    first_reasons,
    is_measured,
    text_rejections,
    text_without_tokens,
    token_rejections,
)
from spark.sources.cutting import Cut, Pieces, cut_lengths
from spark.sources.internal_columns import LINE, LINE_KIND, LINE_REASON
from spark.sources.token_reader import TokenReader

TOKENS, DOCUMENT_ID, TOKEN_OFFSET = "tokens", "document_id", "token_offset"
SEQUENCES_A_BATCH = 10_000


@dataclass(frozen=True)
class DocumentCutter:
    """What turns documents into sequences, in the form that travels to a worker.

    reader: the roles of the documents' columns, and the tokenizer. document_id: the column of their ids; None to number
    them. others: the columns that every sequence of a document gets.
    """

    reader: TokenReader
    document_id: str | None
    others: tuple[str, ...]
    cut: Cut

    @property
    def copied(self) -> dict[str, str]:
        """The columns that every sequence gets from its document: their names, and those in the documents."""
        own = {} if self.document_id is None else {DOCUMENT_ID: self.document_id}
        return own | {name: name for name in self.others}

    def names(self, wanted: Sequence[str] | None) -> list[str]:
        """Return the columns of the documents to read for some columns of the sequences; None for all of them."""
        content = self.reader.columns.tokens or self.reader.columns.text
        copied = [source for name, source in self.copied.items() if wanted is None or name in wanted]
        return list(dict.fromkeys(name for name in (content, *copied) if name is not None))

    def sequences(
        self, documents: pa.RecordBatch, first_document: int, wanted: Sequence[str] | None
    ) -> Iterator[pa.RecordBatch]:
        """Yield the sequences of some documents. A document that gives none is one row, with `LINE_REASON`.

        first_document: the number of the first one, its id if documents have none. wanted: the columns; None for all.
        """
        tokens, reasons = self._tokens(documents)
        lengths = np.diff(np.asarray(tokens.offsets)).astype(np.int64)
        pieces = cut_lengths(np.where(is_measured(reasons), lengths, 0), self.cut)
        is_cut = np.bincount(pieces.documents, minlength=len(lengths)) > 0
        reasons[is_measured(reasons) & ~is_cut] = self.cut.too_short
        rejected = np.flatnonzero(~is_measured(reasons))
        order = np.argsort(np.concatenate([pieces.documents, rejected]), kind="stable")
        whole = Pieces(rejected, np.zeros(len(rejected), np.int64), lengths[rejected])
        rows = Pieces(*(np.concatenate(pair)[order] for pair in zip(pieces, whole, strict=True)))
        for start in range(0, len(order), SEQUENCES_A_BATCH):
            some = Pieces(*(each[start : start + SEQUENCES_A_BATCH] for each in rows))
            yield self._batch(documents, first_document, wanted, tokens, reasons, some)

    def _tokens(self, documents: pa.RecordBatch) -> tuple[pa.ListArray, Reasons]:
        """Return the tokens of the documents, and why some cannot be cut."""
        columns, vocabulary = self.reader.columns, self.reader.vocabulary
        if columns.tokens is not None:
            tokens = plain_lists(documents[columns.tokens])
            reasons = token_rejections(tokens, None if vocabulary is None else vocabulary.in_vocabulary)
        else:
            assert columns.text is not None and vocabulary is not None  # checked before Spark starts
            text = plain_text(documents[columns.text])
            reasons = text_rejections(text, NULL_TEXT)
            readable = pa.array(is_measured(reasons))
            tokens = encode_text(pc.if_else(readable, text, ""), vocabulary.tokenizer)
            reasons = first_reasons(reasons, text_without_tokens(tokens))
        if LINE_REASON in documents.schema.names:
            unreadable = [text and Reason(ReasonKind.UNREADABLE, text) for text in documents[LINE_REASON].to_pylist()]
            reasons = first_reasons(np.array(unreadable, object), reasons)
        return tokens, reasons

    def _batch(
        self,
        documents: pa.RecordBatch,
        first_document: int,
        wanted: Sequence[str] | None,
        tokens: pa.ListArray,
        reasons: Reasons,
        rows: Pieces,
    ) -> pa.RecordBatch:
        place = pa.array(rows.documents)
        is_rejected = ~is_measured(reasons)[rows.documents]
        columns = {
            DOCUMENT_ID: pa.array(rows.documents + first_document, pa.int64()),
            TOKEN_OFFSET: pa.array(rows.offsets, pa.int64(), mask=is_rejected),
            TOKENS: _slices(tokens, rows, is_rejected & (rows.lengths == 0)),
        }
        read = documents.schema.names
        columns |= {name: documents[source].take(place) for name, source in self.copied.items() if source in read}
        columns = {name: column for name, column in columns.items() if wanted is None or name in wanted}
        columns[LINE] = pc.if_else(pa.array(is_rejected), self._source_of(documents).take(place), None)
        columns[LINE_REASON] = pa.array(reasons[rows.documents], pa.string())
        columns[LINE_KIND] = pa.array([each and each.kind for each in reasons[rows.documents]], pa.string())
        return pa.RecordBatch.from_pydict(columns)

    def _source_of(self, documents: pa.RecordBatch) -> pa.Array:
        """Return each document as it stands in its file, for `rejected/`; null where its tokens tell it."""
        columns = self.reader.columns
        text = pa.nulls(len(documents), pa.binary())
        if columns.tokens is None and columns.text is not None:
            text = plain_text(documents[columns.text]).cast(pa.binary())
        return pc.coalesce(documents[LINE], text) if LINE in documents.schema.names else text


def _slices(tokens: pa.ListArray, rows: Pieces, is_null: NDArray[np.bool_]) -> pa.ListArray:
    """Return some ranges of the lists, each as a list of its own."""
    ends = np.cumsum(rows.lengths)
    starts: NDArray[np.int64] = np.asarray(tokens.offsets)[rows.documents] + rows.offsets
    indices = np.arange(int(ends[-1]) if len(ends) else 0) + np.repeat(starts - (ends - rows.lengths), rows.lengths)
    values = tokens.values.take(pa.array(indices))
    return pa.ListArray.from_arrays(arrow_offsets(np.concatenate(([0], ends))), values, mask=pa.array(is_null))
