"""What Spark's UI calls the jobs of a run: `memories deduped.70m: measure and write` instead of line numbers.

Descriptions belong to the calling thread. The tabs Jobs, Stages and SQL show them, and so does `spark.progress`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from utils import printable

if TYPE_CHECKING:
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

GROUP = "spark.jobGroup.id"
DESCRIPTION = "spark.job.description"

READ_SCHEMAS = "read the schemas"
MEASURE = "measure and write"


@contextmanager
def split_jobs(context: SparkContext, split: str) -> Iterator[str]:
    """Puts the Spark jobs of the block into one group, and gives the group's name."""
    group = printable(split)
    context.setJobGroup(group, group)
    try:
        yield group
    finally:
        context.setLocalProperty(GROUP, None)
        context.setLocalProperty(DESCRIPTION, None)


@contextmanager
def phase(spark: SparkSession, words: str) -> Iterator[None]:
    """Describes the Spark jobs of the block as `SPLIT: words`."""
    context = spark.sparkContext
    split, before = context.getLocalProperty(GROUP), context.getLocalProperty(DESCRIPTION)
    context.setLocalProperty(DESCRIPTION, f"{split}: {words}" if split else words)
    try:
        yield
    finally:
        context.setLocalProperty(DESCRIPTION, before)
