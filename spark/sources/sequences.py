"""Read any source into one schema: sequence_id, tokens and/or text, scores, the user's own columns."""

from __future__ import annotations

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from filters.reasons import ReasonKind
from spark.sources.input_columns import InputColumns
from spark.sources.internal_columns import LINE, LINE_KIND, LINE_REASON, REJECTION, ROW_NUMBER, of_model, other_column
from spark.sources.rejection import no_rejection, rejection
from spark.sources.source import Source
from spark.sources.spark_names import quoted

LARGEST_ID = 2**63 - 1


def read_sequences(spark: SparkSession, source: Source, columns: InputColumns) -> DataFrame:
    """Return all rows of a source in the one schema; `REJECTION` holds the reason to reject a row.

    If the source has no ids, the id of a row is its number, counted through the files in the order of their names.
    """
    frame = source.read(spark, numbered=columns.sequence_id is None)
    rejected = no_rejection()
    if source.rejects_rows:
        kind = F.col(LINE_KIND) if LINE_KIND in frame.columns else ReasonKind.UNREADABLE
        rejected = rejection(kind, F.col(LINE_REASON))
    if columns.sequence_id is None:
        sequence_id = F.col(ROW_NUMBER)
    else:
        given = F.col(quoted(columns.sequence_id))
        sequence_id = F.when(given <= LARGEST_ID, given).cast("long")
        rejected = F.coalesce(
            rejected,
            F.when(given.isNull(), rejection(ReasonKind.NO_ID, "sequence_id is null")),
            F.when(given > LARGEST_ID, rejection(ReasonKind.ID_TOO_LARGE, "sequence_id is above 2^63 - 1")),
        )
    return frame.select(
        sequence_id.alias("sequence_id"),
        *([F.col(quoted(columns.tokens)).alias("tokens")] if columns.tokens else []),
        *([F.col(quoted(columns.text)).cast("string").alias("text")] if columns.text else []),
        *(
            F.col(quoted(name)).cast("double").alias(of_model(model, "memorization_score"))
            for model, name in columns.scores
        ),
        *(F.col(quoted(name)).alias(other_column(position)) for position, name in enumerate(columns.others)),
        *([F.col(LINE)] if source.rejects_rows else []),
        rejected.alias(REJECTION),
    )
