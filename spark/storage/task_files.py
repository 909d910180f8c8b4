"""Write the Parquet files of one task, and combine the tasks' reports."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from types import TracebackType

import pyarrow as pa
import pyarrow.parquet as pq

from spark.storage.paths import AnyPath, arrow_location

ROWS_A_GROUP = 50_000  # about 25 MB compressed; with the bytes, limits the memory of a task
BYTES_A_GROUP = 256 << 20  # of long rows, in memory


@dataclass
class TaskFiles:
    """One Parquet file per table that a task writes to; leaving the context completes the files.

    directory: parent of the tables' directories, which the driver has created. If a worker outlives its run, they are
    gone, and the worker cannot write into the next run.
    file_name: unique among all attempts of all tasks.
    rows_a_group: rows of a row group, at least, unless it is the last, or its rows are long.
    """

    directory: AnyPath
    file_name: str
    rows_a_group: int = ROWS_A_GROUP
    writers: dict[str, pq.ParquetWriter] = field(default_factory=dict)
    waiting: dict[str, list[pa.Table]] = field(default_factory=dict)
    bytes_waiting: Counter[str] = field(default_factory=Counter)

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
        """Add rows to a table; `name` is its path relative to `directory`."""
        if len(table):
            waiting = self.waiting.setdefault(name, [])
            waiting.append(table)
            self.bytes_waiting[name] += table.nbytes
            if self.bytes_waiting[name] >= BYTES_A_GROUP or sum(map(len, waiting)) >= self.rows_a_group:
                self._write_group(name)

    def sizes(self) -> dict[str, int]:
        """Return the size in bytes of each complete file, by its path relative to `directory`."""
        names = [f"{name}/{self.file_name}" for name in self.writers]
        return {name: (self.directory / name).stat().st_size for name in names}

    def _write_group(self, name: str) -> None:
        table = pa.concat_tables(self.waiting.pop(name))
        del self.bytes_waiting[name]
        if name not in self.writers:
            filesystem, path = arrow_location(self.directory / name / self.file_name)
            self.writers[name] = pq.ParquetWriter(path, table.schema, compression="zstd", filesystem=filesystem)
        self.writers[name].write_table(table)


def task_file_name() -> str:
    """Return a file name for the current task that no other attempt of any task uses."""
    return f"part-{task_number():05d}-{uuid.uuid4().hex[:8]}.parquet"


def task_number() -> int:
    """Return the number of the current task among those of its stage."""
    from pyspark import TaskContext

    context = TaskContext.get()
    assert context is not None
    return context.partitionId()


def keep_only(directory: AnyPath, file_names: Iterable[str], pattern: str = "*.parquet") -> None:
    """Remove the files that failed attempts left behind.

    file_names: the files of the successful attempts.
    pattern: which files attempts write.
    """
    wanted = set(file_names)
    for path in [*directory.rglob(pattern)]:
        if path.name not in wanted:
            path.unlink()


def add_up(reports: Iterable[dict[str, int]]) -> Counter[str]:
    """Sum the counts reported by the tasks."""
    total: Counter[str] = Counter()
    for report in reports:
        total.update(report)
    return total
