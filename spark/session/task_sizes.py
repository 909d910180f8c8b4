"""Divide slow rows into tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

# Rows of a task that evaluates a model: short tasks until there are enough for the cores of a large machine.
SHORT_TASK, MAX_SHORT_TASKS, LONG_TASK = 125, 64, 5_000


def share_out(frame: DataFrame, rows: int | None, key: str = "sequence_id", short_task: int = SHORT_TASK) -> DataFrame:
    """Repartition rows that take long to measure, so that all workers stay busy until the end.

    The rows of a task depend only on the rows. A language model therefore gives the same digits on every machine, and
    when a task is retried.
    rows: number of rows; None if not known. key: column that differs in every row. short_task: rows of a short task.
    """
    tasks = MAX_SHORT_TASKS if rows is None else max(1, min(MAX_SHORT_TASKS, rows // short_task), rows // LONG_TASK)
    return frame.repartition(tasks, key).sortWithinPartitions(key)
