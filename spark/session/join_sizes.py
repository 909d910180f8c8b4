"""Make Spark choose its joins by measured sizes, not by estimates."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

ESTIMATED, MEASURED = "spark.sql.autoBroadcastJoinThreshold", "spark.sql.adaptive.autoBroadcastJoinThreshold"


def join_by_measured_sizes(spark: SparkSession) -> None:
    """Let Spark broadcast one side of a join only after it has measured the side's size.

    Spark estimates the output of `mapInArrow` to be as small as its input. For a corpus, that input is only the
    numbers of its parts. With estimates, Spark would collect the corpus in the driver, whatever its size.
    """
    if spark.conf.get(ESTIMATED) != "-1":
        spark.conf.set(MEASURED, spark.conf.get(ESTIMATED))
        spark.conf.set(ESTIMATED, "-1")
