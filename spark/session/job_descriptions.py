"""What Spark's UI calls the jobs of a run: `memories deduped.70m: measure and write` instead of line numbers.

Descriptions belong to the calling thread. The tabs Jobs, Stages and SQL show them, and `spark.reporting.progress` too.
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
NAME = "callSite.short"

READ_SCHEMAS = "read the schemas"
MEASURE = "measure and write"
READ_CORPUS = "read the corpus"
WRITE_CORPUS = "write the corpus"
COUNTING_ROWS = (MEASURE, READ_CORPUS, WRITE_CORPUS)  # while these last, the rows that are done grow


@contextmanager
def job_group(context: SparkContext, job: str) -> Iterator[str]:
    """Puts the Spark jobs of the block into one group, and gives the group's name."""
    group = printable(job)
    context.setJobGroup(group, group)
    try:
        yield group
    finally:
        context.setLocalProperty(GROUP, None)
        context.setLocalProperty(DESCRIPTION, None)


@contextmanager
def phase(spark: SparkSession, words: str) -> Iterator[None]:
    """Describes the Spark jobs of the block as `JOB: words`, and names them and their stages `words`."""
    from pyspark.traceback_utils import SCCallSiteSync

    context = spark.sparkContext
    job = context.getLocalProperty(GROUP)
    before = {key: context.getLocalProperty(key) for key in (DESCRIPTION, NAME)}
    context.setLocalProperty(DESCRIPTION, f"{job}: {words}" if job else words)
    context.setLocalProperty(NAME, words)
    # As deep as if PySpark had set a name itself: else it would put `collect at FILE:LINE` in place of ours.
    SCCallSiteSync._spark_stack_depth += 1
    try:
        yield
    finally:
        SCCallSiteSync._spark_stack_depth -= 1
        for key, value in before.items():
            context.setLocalProperty(key, value)
