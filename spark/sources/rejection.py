"""Reasons to reject a row that Spark finds, as a column of kind and text."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from pyspark.sql import Column
from pyspark.sql import functions as F  # noqa: N812

from filters.reasons import Reason, ReasonKind, Reasons

TYPE = "struct<kind:string,text:string>"
KINDS = {kind.value: kind for kind in ReasonKind}


def no_rejection() -> Column:
    """Return a column without a reason."""
    return F.lit(None).cast(TYPE)


def rejection(kind: ReasonKind | Column, text: Column | str) -> Column:
    """Return a column with a reason of this kind in each row; null where the text is null."""
    kind = F.lit(kind.value) if isinstance(kind, ReasonKind) else kind
    text = F.lit(text) if isinstance(text, str) else text
    return F.when(text.isNotNull(), F.struct(kind.alias("kind"), text.alias("text")).cast(TYPE))


def reasons_of(column: pa.Array) -> Reasons:
    """Return the reasons of such a column; None in rows without one; shape (rows,)."""
    reasons = np.full(len(column), None, object)
    if column.null_count < len(column):
        for row, found in enumerate(column.to_pylist()):
            if found is not None:
                reasons[row] = Reason(KINDS[found["kind"]], found["text"])
    return reasons
