"""The truth about every sequence, as a table; the filters are tested against it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sample.corpus import Corpus
from sample.rows import Row, marks_within, whole_units
from sample.texts.document import Document

_MARKED = pa.list_(pa.struct([("kind", pa.string()), ("value", pa.string())]))
TRUTH_OF_A_ROW = pa.schema(
    [
        ("document_id", pa.int64()),
        ("category", pa.string()),
        ("kind", pa.string()),
        ("is_code", pa.bool_()),
        ("is_repeating", pa.bool_()),
        ("repeating_unit", pa.string()),
        ("repeating_offset", pa.int64()),
        ("whole_units", pa.int64()),
        ("line_width", pa.int64()),
        ("is_incrementing", pa.bool_()),
        ("increment_notation", pa.string()),
        ("increment_step", pa.float64()),
        ("increment_terms", pa.list_(pa.string())),
        ("has_secret", pa.bool_()),
        ("secrets", _MARKED),
        ("has_personal_data", pa.bool_()),
        ("personal_data", _MARKED),
        ("template_id", pa.string()),
        ("template_fills", pa.list_(pa.string())),
    ]
)


def _marked(row: Row, document: Document, group: str) -> list[dict[str, str]]:
    return [
        {"kind": mark.kind, "value": document.text[mark.start : mark.end]}
        for mark in marks_within(row, document, group)
    ]


def _truth_of_row(row: Row, document: Document) -> dict[str, object]:
    repetition, increment = document.repetition, document.increment
    secrets, personal_data = _marked(row, document, "secret"), _marked(row, document, "personal")
    terms = marks_within(row, document, "term")
    return {
        "document_id": row.document,
        "category": document.category,
        "kind": document.kind,
        "is_code": document.is_code,
        "is_repeating": repetition is not None,
        "repeating_unit": repetition and repetition.unit,
        "repeating_offset": row.repetition_token,
        "whole_units": whole_units(row, document) if repetition else None,
        "line_width": repetition and repetition.line_width,
        "is_incrementing": increment is not None,
        "increment_notation": increment and increment.notation,
        "increment_step": increment and increment.step,
        "increment_terms": [document.text[term.start : term.end] for term in terms] if increment else None,
        "has_secret": bool(secrets),
        "secrets": secrets,
        "has_personal_data": bool(personal_data),
        "personal_data": personal_data,
        "template_id": document.template_id,
        "template_fills": list(document.template_fills) if document.template_id else None,
    }


def _by_sequence_id(corpus: Corpus, sequences: int, values: NDArray[np.generic]) -> pa.Array:
    """Return one value per sequence id, null for sequences that the corpus lacks."""
    full = np.zeros(sequences, values.dtype)
    full[corpus.sequence_ids] = values
    missing = np.ones(sequences, bool)
    missing[corpus.sequence_ids] = False
    return pa.array(full, mask=missing)


def truth_table(
    corpora: Mapping[str, Corpus],
    rows: Sequence[Row],
    documents: Sequence[Document],
) -> pa.Table:
    """Return one row per sequence of the duped corpus, in its order: its content and how often it occurs.

    documents: the document of each row. Columns about the deduped corpus are null for sequences that it lacks.
    """
    duped = corpora["duped"]
    truths = pa.Table.from_pylist(
        [_truth_of_row(row, document) for row, document in zip(rows, documents, strict=True)], TRUTH_OF_A_ROW
    )
    sequences = len(duped.sequence_ids)
    copies = np.bincount(duped.rows, minlength=len(rows))[duped.rows]
    columns = {
        "sequence_id": pa.array(duped.sequence_ids),
        "row_id": pa.array(duped.rows),
        "copies": pa.array(copies.astype(np.int64)),
        "in_deduped": pa.array(np.isin(duped.sequence_ids, corpora["deduped"].sequence_ids)),
    }
    for scheme, corpus in corpora.items():
        columns[f"duplicates_{scheme}"] = _by_sequence_id(corpus, sequences, corpus.duplicates)
    repeated = truths.take(duped.rows)
    return pa.table({**columns, **{name: repeated[name] for name in repeated.column_names}})
