"""The Parquet files that one task of the stage writes, and what it reports of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from types import TracebackType

import pyarrow as pa
import pyarrow.parquet as pq

from spark.storage.paths import AnyPath, arrow_location

ROWS_A_GROUP = 50_000  # some 25 MB compressed; bounds what a task holds in memory


@dataclass
class TaskFiles:
    """One Parquet file for each table that a task writes to; a context manager that completes them.

    directory: where the tables' directories lie, which the driver has made. A worker that outlives its run finds them
    gone, and cannot write into those of the next. file_name: not used by any other attempt of any task.
    rows_a_group: rows of a row group, at least, unless it is the last.
    """

    directory: AnyPath
    file_name: str
    rows_a_group: int = ROWS_A_GROUP
    writers: dict[str, pq.ParquetWriter] = field(default_factory=dict)
    waiting: dict[str, list[pa.Table]] = field(default_factory=dict)

    def __enter__(self) -> TaskFiles:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            for name in list(self.waiting):
                self._write_group(name)
        for writer in self.writers.values():
            writer.close()

    def add(self, name: str, table: pa.Table) -> None:
        """Adds rows to the table of this name, a relative path."""
        if len(table):
            waiting = self.waiting.setdefault(name, [])
            waiting.append(table)
            if sum(map(len, waiting)) >= self.rows_a_group:
                self._write_group(name)

    def _write_group(self, name: str) -> None:
        table = pa.concat_tables(self.waiting.pop(name))
        if name not in self.writers:
            filesystem, path = arrow_location(self.directory / name / self.file_name)
            self.writers[name] = pq.ParquetWriter(path, table.schema, compression="zstd", filesystem=filesystem)
        self.writers[name].write_table(table)


def task_file_name() -> str:
    """A name for the file of the task that asks, which no other attempt of any task has."""
    from pyspark import TaskContext

    context = TaskContext.get()
    assert context is not None
    return f"part-{context.partitionId():05d}-{context.taskAttemptId()}.parquet"


def keep_only(directory: AnyPath, file_names: Iterable[str], pattern: str = "*.parquet") -> None:
    """Removes the files that attempts left behind which did not succeed; pattern: of those that attempts write."""
    wanted = set(file_names)
    for path in [*directory.rglob(pattern)]:
        if path.name not in wanted:
            path.unlink()


def add_up(reports: Iterable[dict[str, int]]) -> Counter[str]:
    """The sums of the tasks' counts."""
    total: Counter[str] = Counter()
    for report in reports:
        total.update(report)
    return total
