"""Feature tables joined to the sequences, by sequence_id, without losing or doubling a row."""

from __future__ import annotations

import math

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from spark.metrics.feature_tables import COUNTS, FeatureFiles
from spark.session.job_descriptions import phase
from spark.sources.internal_columns import LINE_REASON, of_model
from spark.sources.spark_names import quoted
from utils import UserError

# A sequence of 64 tokens has 63 that are scored: 31 of the prompt and 32 of the continuation.
PROMPT_SCORED, GENERATION_SCORED, SCORED = 31, 32, 63
# The wrong definition is off by half of the loss or more; half-precision perplexities by a few hundredths of it.
TOLERANCE = 0.1
SMALLEST_LOSS = 0.01  # below, perplexities are too near to 1 to tell
ROWS_TRIED = 1_000
ROUNDING = 0.001
COUNT, PERPLEXITY = (0.0, math.inf), (1.0, math.inf)
RANGES = {
    "sequence_duplicates": COUNT,
    "near_duplicates": COUNT,
    "near_duplicate_cluster": (-math.inf, math.inf),
    "near_duplicate_cluster_size": (1.0, math.inf),
    "0_8_snowclones": COUNT,
    "0_9_snowclones": COUNT,
    "0_8_templates": COUNT,
    "0_9_templates": COUNT,
    "published_nl_scores": (0.0, 1.0),
    "loss": (0.0, math.inf),
    "prompt_perplexity": PERPLEXITY,
    "generation_perplexity": PERPLEXITY,
    "sequence_perplexity": PERPLEXITY,
}


def join_feature(frame: DataFrame, feature: FeatureFiles) -> DataFrame:
    """The rows with the feature's columns beside them; null where the table does not hold the sequence."""
    table = read_feature(frame.sparkSession, feature)
    if not feature.files.spark_knows_size:
        table = table.hint("merge")  # Spark takes what Python reads for tiny, and would gather it in the driver
    return frame.join(table, "sequence_id", "left")


def read_feature(spark: SparkSession, feature: FeatureFiles) -> DataFrame:
    """A feature table as `sequence_id` and metric columns, perplexities by our definition."""
    kind = "long" if feature.table in COUNTS else "double"
    rows = feature.files.read(spark)
    key = F.col(quoted(feature.key))
    if feature.files.rejects_rows:
        reason = F.concat(F.lit(f"--{feature.table} {feature.location}: "), LINE_REASON)
        key = F.when(F.col(LINE_REASON).isNotNull(), F.raise_error(reason)).otherwise(key)
    table = rows.select(
        key.cast("long").alias("sequence_id"),
        *(_in_range(F.col(quoted(name)).cast(kind), metric, feature).alias(metric) for metric, name in feature.values),
    )
    if feature.table == "perplexities":
        table = _by_our_definition(table, feature)
    if feature.model is None:
        return table
    return table.select("sequence_id", *(F.col(m).alias(of_model(feature.model, m)) for m, _ in feature.values))


def require_unique_keys(spark: SparkSession, feature: FeatureFiles) -> None:
    """Raises UserError, with the key, where a feature table holds a sequence_id twice."""
    repeated = read_feature(spark, feature).groupBy("sequence_id").count().where("count > 1")
    with phase(spark, f"look for repeated keys in {feature.table}"):
        found = repeated.where("sequence_id is not null").orderBy("sequence_id").first()
    if found is not None:
        raise UserError(
            f"--{feature.table} {feature.location}: sequence_id {found[0]} is there {found[1]} times.\n"
            "The keys of a feature table must be unique; remove the repeated rows."
        )


def _in_range(value: Column, metric: str, feature: FeatureFiles) -> Column:
    """The value; the job that reads one that the metric cannot have fails, and says which."""
    smallest, largest = RANGES[metric]
    expected = f"from {smallest:g} to {largest:g}" if math.isfinite(largest) else f"from {smallest:g} on"
    start = f"--{feature.table} {feature.location}: expected numbers {expected} in column `{metric}`, found "
    message = F.concat(
        F.lit(start), value.cast("string"), F.lit(" at the key "), F.col(quoted(feature.key)).cast("string")
    )
    # Half precision and rounding may leave a value just out of the range.
    is_wrong = (value < smallest - ROUNDING) | (value > largest + ROUNDING)
    return F.when(is_wrong, F.raise_error(message)).otherwise(value)


def _by_our_definition(table: DataFrame, feature: FeatureFiles) -> DataFrame:
    """Perplexities over the scored tokens of each part, whichever of the two definitions they came in.

    Ours divide a part's negative log-likelihood by its own tokens: 31·ln p + 32·ln g = 63·ln s. The published
    ones divide every part by 63: ln p + ln g = ln s, and become ours when raised to 63/31 and 63/32. Which of
    the two holds is seen in the numbers; a table in which neither does is refused with UserError.
    """
    prompt, generation, sequence = (
        F.log(F.col(name)) for name in ("prompt_perplexity", "generation_perplexity", "sequence_perplexity")
    )
    ours = F.abs((PROMPT_SCORED * prompt + GENERATION_SCORED * generation) / SCORED - sequence) / sequence
    published = F.abs(prompt + generation - sequence) / sequence
    tried = table.where(sequence > SMALLEST_LOSS).select(ours.alias("ours"), published.alias("published"))
    errors = tried.where("ours is not null").limit(ROWS_TRIED)
    with phase(table.sparkSession, "tell the perplexities' definition"):
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
        f"--perplexities {feature.location}: the perplexities of prompt, generation and sequence fit neither known "
        "definition\n(each part over its own tokens, or over all 63); recompute them, or leave the table out."
    )
