"""The common readers of Parquet, each given a directory and nothing else."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import datasets
import duckdb
import pandas as pd
import polars as pl
import pyarrow.dataset as ds

Found = tuple[int, set[str]]  # the number of rows, and the names of the columns


def read_with_pandas(directory: Path) -> Found:
    frame = pd.read_parquet(directory)
    return len(frame), set(frame.columns)


def read_with_pyarrow(directory: Path) -> Found:
    table = ds.dataset(directory, partitioning="hive").to_table()
    return len(table), set(table.column_names)


def read_with_polars(directory: Path) -> Found:
    frame = pl.scan_parquet(directory, hive_partitioning=True).collect()
    return len(frame), set(frame.columns)


def read_with_duckdb(directory: Path) -> Found:
    relation = duckdb.sql(f"SELECT * FROM read_parquet('{directory}/**/*.parquet', hive_partitioning = true)")
    return len(relation.fetchall()), set(relation.columns)


def read_with_datasets(directory: Path) -> Found:
    """Read with `datasets`, which does not add the columns of the partitions."""
    with tempfile.TemporaryDirectory() as cache:
        table = datasets.load_dataset(str(directory), split="train", cache_dir=cache)
        return len(table), set(table.column_names)


READERS: dict[str, Callable[[Path], Found]] = {
    "pandas": read_with_pandas,
    "pyarrow": read_with_pyarrow,
    "polars": read_with_polars,
    "duckdb": read_with_duckdb,
    "datasets": read_with_datasets,
}
