"""The columns of the metrics table, in their order, from the measured rows."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812

from filters.contract import Filter
from spark.loading import quoted, score_column
from spark.locating import LocatedSplit
from spark.stage import spark_type

# What the summary counts, where it was measured.
COUNTED = {"incrementing": "is_incrementing", "repeating": "is_repeating", "code": "is_code"}


def metrics_table(
    measured: DataFrame, located: LocatedSplit, filters: tuple[Filter, ...], model: str | None
) -> DataFrame:
    """The table of one model: ids, tokens, text, the filters' columns, then the user's own.

    measured: the rows after the Python stage, with every joined column that is known.
    """
    columns: dict[str, Column] = {
        name: F.col(name) for name in ("sequence_id", "tokens", "text") if name in measured.columns
    }
    for each in filters:
        for column in each.columns:
            type_ = spark_type(column.type)
            if column.name == "memorization_score":
                known: Column = _memorization_score(measured, located, model)
            else:
                known = F.col(quoted(column.name)) if column.name in measured.columns else F.lit(None)
            columns[column.name] = known.cast(type_)
    for name in located.columns.others:
        columns.setdefault(name, F.col(quoted(name)))
    return measured.select(*(column.alias(name) for name, column in columns.items()))


def shares(table: DataFrame) -> list[Column]:
    """Aggregates for the summary: the number of rows, and how many are of each kind that was measured."""
    counted = [F.count_if(F.col(name)).alias(kind) for kind, name in COUNTED.items() if name in table.columns]
    if "memorization_score" in table.columns:
        counted.append(F.count_if(F.col("memorization_score") == 1.0).alias("memorized"))
    return [F.count(F.lit(1)).alias("rows"), *counted]


def _memorization_score(measured: DataFrame, located: LocatedSplit, model: str | None) -> Column:
    if "memorization_score" in measured.columns:
        return F.col("memorization_score")
    if model is not None and score_column(model) in measured.columns:
        return F.col(quoted(score_column(model)))
    # The dataset of memories holds, by its definition, the sequences whose score is 1.
    return F.lit(1.0) if located.split.kind == "memories" else F.lit(None)
