"""Describe the Spark jobs of a run: `memories deduped.70m: measure and write` instead of line numbers.

Descriptions apply to the calling thread. The tabs Jobs, Stages and SQL of Spark's UI show them, and
`spark.reporting.progress` reads them.
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
MERGE_FILES = "merge small files"
READ_CORPUS = "read the corpus"
WRITE_CORPUS = "write the corpus"
COUNTING_ROWS = (MEASURE, READ_CORPUS, WRITE_CORPUS)  # phases in which finished rows are counted


@contextmanager
def job_group(context: SparkContext, job: str) -> Iterator[str]:
    """Put the Spark jobs of the block into one job group; give its name."""
    group = printable(job)
    context.setJobGroup(group, group)
    try:
        yield group
    finally:
        context.setLocalProperty(GROUP, None)
        context.setLocalProperty(DESCRIPTION, None)


@contextmanager
def phase(spark: SparkSession, words: str) -> Iterator[None]:
    """Describe the Spark jobs of the block as `JOB: words`; name them and their stages `words`."""
    from pyspark.traceback_utils import SCCallSiteSync

    context = spark.sparkContext
    job = context.getLocalProperty(GROUP)
    before = {key: context.getLocalProperty(key) for key in (DESCRIPTION, NAME)}
    context.setLocalProperty(DESCRIPTION, f"{job}: {words}" if job else words)
    context.setLocalProperty(NAME, words)
    # Raise PySpark's depth counter, as if it had set a name: else it replaces ours by `collect at FILE:LINE`.
    SCCallSiteSync._spark_stack_depth += 1
    try:
        yield
    finally:
        SCCallSiteSync._spark_stack_depth -= 1
        for key, value in before.items():
            context.setLocalProperty(key, value)
