"""The order that decides which of several duplicates is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F  # noqa: N812

from features.deduplication import Keep

if TYPE_CHECKING:
    from pyspark.sql import Column


def keeping_order(keep: Keep, tokens: Column) -> Column:
    """Return a struct of `shortness` and `sequence_id`; of several duplicates, the smallest is kept.

    tokens: number of tokens of a sequence. If `keep` is `first`, it has no effect: the smallest id is kept.
    """
    return F.struct((-tokens if keep == "longest" else F.lit(0)).cast("long").alias("shortness"), "sequence_id")
