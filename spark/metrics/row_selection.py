"""Select the rows to measure: reject repeated ids, draw a sample."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from filters.reasons import ReasonKind
from spark.session.job_descriptions import phase
from spark.sources.internal_columns import INTERNAL, REJECTION
from spark.sources.rejection import rejection

REPEATED = f"{INTERNAL}repeated"


def reject_repeated_ids(frame: DataFrame) -> DataFrame:
    """Return all rows, with `REJECTION` set on all rows with a repeated sequence_id."""
    repeated = (
        frame.where(F.col("sequence_id").isNotNull())
        .groupBy("sequence_id")
        .count()
        .where("count > 1")
        .select(
            "sequence_id",
            rejection(ReasonKind.REPEATED_ID, F.format_string("sequence_id occurs %d times", "count")).alias(REPEATED),
        )
    )
    with phase(frame.sparkSession, "look for repeated ids"):
        if repeated.isEmpty():
            return frame
    reason = F.coalesce(F.col(REJECTION), F.col(REPEATED))
    return frame.join(repeated, "sequence_id", "left").withColumn(REJECTION, reason).drop(REPEATED)


def draw_sample(frame: DataFrame, size: int, seed: int) -> DataFrame:
    """Return the rows of `size` random sequence ids: the ids with the smallest hash of id and seed.

    The sample depends only on the ids and the seed. Rows without an id are never drawn.
    """
    ids = frame.select("sequence_id").where(F.col("sequence_id").isNotNull()).distinct()
    rank = F.xxhash64(F.col("sequence_id"), F.lit(seed).cast("long"))
    drawn = ids.orderBy(rank, "sequence_id").limit(size)
    return frame.join(drawn, "sequence_id", "left_semi")
