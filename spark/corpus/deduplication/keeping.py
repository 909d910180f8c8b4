"""Which of several duplicates is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F  # noqa: N812

from features.deduplication import Keep

if TYPE_CHECKING:
    from pyspark.sql import Column


def keeping_order(keep: Keep, tokens: Column) -> Column:
    """What is smallest of the sequence that is kept: a struct of `shortness` and `sequence_id`.

    tokens: how many a sequence has, which says nothing where the first is kept, that of the smallest id.
    """
    return F.struct((-tokens if keep == "longest" else F.lit(0)).cast("long").alias("shortness"), "sequence_id")
