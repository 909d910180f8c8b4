"""By which sizes Spark chooses how it joins."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

ESTIMATED, MEASURED = "spark.sql.autoBroadcastJoinThreshold", "spark.sql.adaptive.autoBroadcastJoinThreshold"


def join_by_measured_sizes(spark: SparkSession) -> None:
    """Has Spark broadcast one side of a join only where it has seen how small that is.

    What Python makes of a corpus Spark estimates to be as small as what it is made from, which is the numbers of the
    corpus's parts; such a side it would gather in the driver, whatever its size.
    """
    if spark.conf.get(ESTIMATED) != "-1":
        spark.conf.set(MEASURED, spark.conf.get(ESTIMATED))
        spark.conf.set(ESTIMATED, "-1")
