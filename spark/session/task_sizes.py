"""How rows that take long are cut into tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

# Tasks that are put to a language model: short ones, in rows, until there are enough for the cores of a large machine.
SHORT_TASK, MOST_SHORT_TASKS, LONG_TASK = 125, 64, 5_000


def share_out(frame: DataFrame, rows: int | None, key: str = "sequence_id", short_task: int = SHORT_TASK) -> DataFrame:
    """The same rows in tasks that keep every worker at work to the end, for what takes long for each row.

    Which rows are measured together depends on nothing but the rows, so that a language model gives the same digits
    whatever the machine, and when a task is tried again. rows: how many, where that is known. key: what is different in
    every row. short_task: rows of a short task.
    """
    tasks = MOST_SHORT_TASKS if rows is None else max(1, min(MOST_SHORT_TASKS, rows // short_task), rows // LONG_TASK)
    return frame.repartition(tasks, key).sortWithinPartitions(key)
