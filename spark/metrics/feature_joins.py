"""Join feature tables to the sequences by `sequence_id`; no row is lost or repeated."""

from __future__ import annotations

import math

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from filters.feature_tables import PERPLEXITIES
from spark.metrics.feature_tables import FeatureFiles
from spark.session.job_descriptions import phase
from spark.sources.internal_columns import LINE_REASON, of_model
from spark.sources.spark_names import quoted
from utils import UserError

# A sequence of 64 tokens has 63 scored tokens: 31 of the prompt and 32 of the continuation.
PROMPT_SCORED, GENERATION_SCORED, SCORED = 31, 32, 63
# Relative error of the loss: 0.5 or more with the wrong definition, a few hundredths in half precision.
TOLERANCE = 0.1
SMALLEST_LOSS = 0.01  # below, perplexities are too close to 1 to tell the definitions apart
ROWS_TRIED = 1_000
ROUNDING = 0.001


def join_feature(frame: DataFrame, feature: FeatureFiles) -> DataFrame:
    """Return the rows with the columns of the feature table; null for sequences that are not in the table."""
    table = read_feature(frame.sparkSession, feature)
    if not feature.files.spark_knows_size:
        # Spark assumes that a table read by Python is tiny, and would collect it in the driver.
        table = table.hint("merge")
    return frame.join(table, "sequence_id", "left")


def read_feature(spark: SparkSession, feature: FeatureFiles) -> DataFrame:
    """Return a feature table as `sequence_id` and metric columns, with perplexities by our definition.

    Reading the frame fails if a row of the file is rejected, or if a value is out of the range of its metric.
    """
    type_ = "long" if feature.table.holds_integers else "double"
    rows = feature.files.read(spark)
    key = F.col(quoted(feature.key))
    if feature.files.rejects_rows:
        reason = F.concat(F.lit(f"--{feature.table.name} {feature.location}: "), LINE_REASON)
        key = F.when(F.col(LINE_REASON).isNotNull(), F.raise_error(reason)).otherwise(key)
    table = rows.select(
        key.cast("long").alias("sequence_id"),
        *(_in_range(F.col(quoted(name)).cast(type_), metric, feature).alias(metric) for metric, name in feature.values),
    )
    if feature.table is PERPLEXITIES:
        table = _by_our_definition(table, feature)
    if feature.model is None:
        return table
    return table.select("sequence_id", *(F.col(m).alias(of_model(feature.model, m)) for m, _ in feature.values))


def require_unique_keys(spark: SparkSession, feature: FeatureFiles) -> None:
    """Raise UserError, naming the key, if a feature table repeats a `sequence_id`."""
    repeated = read_feature(spark, feature).groupBy("sequence_id").count().where("count > 1")
    with phase(spark, f"look for repeated keys in {feature.table.name}"):
        found = repeated.where("sequence_id is not null").orderBy("sequence_id").first()
    if found is not None:
        raise UserError(
            f"--{feature.table.name} {feature.location}: expected unique keys, but sequence_id {found[0]} occurs "
            f"{found[1]} times.\n"
            "Remove the repeated rows of the feature table."
        )


def _in_range(value: Column, metric: str, feature: FeatureFiles) -> Column:
    """Return the value; if it is out of the range of the metric, reading it fails with a message that names the key."""
    column = feature.table.column(metric)
    smallest, largest = column.smallest, column.largest
    expected = f"from {smallest:g} to {largest:g}" if math.isfinite(largest) else f"from {smallest:g} on"
    start = f"--{feature.table.name} {feature.location}: expected numbers {expected} in column `{metric}`, found "
    message = F.concat(
        F.lit(start), value.cast("string"), F.lit(" at the key "), F.col(quoted(feature.key)).cast("string")
    )
    # Half precision and rounding may put a value just outside the range.
    is_wrong = (value < smallest - ROUNDING) | (value > largest + ROUNDING)
    return F.when(is_wrong, F.raise_error(message)).otherwise(value)


def _by_our_definition(table: DataFrame, feature: FeatureFiles) -> DataFrame:
    """Return perplexities per scored token of each part, converted from the published definition if needed.

    p, g and s are the perplexities of prompt, generation and sequence.
    Our definition divides the negative log-likelihood of a part by its own tokens: 31·ln p + 32·ln g = 63·ln s.
    The published definition divides every part by 63: ln p + ln g = ln s. p^(63/31) and g^(63/32) convert it to ours.
    The definition is inferred from the values. Raise UserError if neither fits.
    """
    prompt, generation, sequence = (
        F.log(F.col(name)) for name in ("prompt_perplexity", "generation_perplexity", "sequence_perplexity")
    )
    ours = F.abs((PROMPT_SCORED * prompt + GENERATION_SCORED * generation) / SCORED - sequence) / sequence
    published = F.abs(prompt + generation - sequence) / sequence
    tried = table.where(sequence > SMALLEST_LOSS).select(ours.alias("ours"), published.alias("published"))
    errors = tried.where("ours is not null").limit(ROWS_TRIED)
    with phase(table.sparkSession, "infer the definition of the perplexities"):
        row = errors.agg(F.percentile_approx("ours", 0.5), F.percentile_approx("published", 0.5)).first()
    assert row is not None
    if row[0] is None or row[0] <= TOLERANCE:
        return table
    if row[1] <= TOLERANCE:
        return table.withColumns(
            {
                "prompt_perplexity": F.pow("prompt_perplexity", F.lit(SCORED / PROMPT_SCORED)),
                "generation_perplexity": F.pow("generation_perplexity", F.lit(SCORED / GENERATION_SCORED)),
            }
        )
    raise UserError(
        f"--perplexities {feature.location}: expected perplexities over a part's own tokens, or over all 63; found "
        "values that fit neither definition.\nRecompute them, or leave out the table."
    )
