"""Tables written as local datasets in the layout of those on the Hub, and as single Parquet files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

_DTYPES = {"double": "float64"}


def write_table(path: Path, table: pa.Table) -> None:
    """The table as one Parquet file; its directory is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Ids and counts take a third as differences of what they take as numbers.
    integers = [field.name for field in table.schema if pa.types.is_integer(field.type)]
    pq.write_table(
        table,
        path,
        compression="zstd",
        compression_level=9,
        use_dictionary=[name for name in table.schema.names if name not in integers],
        column_encoding=dict.fromkeys(integers, "DELTA_BINARY_PACKED"),
    )


def _feature(field: pa.Field) -> str:
    if pa.types.is_list(field.type):
        item = _DTYPES.get(str(field.type.value_type), str(field.type.value_type))
        return f"  - name: {field.name}\n    list: {item}\n"
    return f"  - name: {field.name}\n    dtype: {_DTYPES.get(str(field.type), str(field.type))}\n"


def _card(splits: Mapping[str, pa.Table], description: str) -> str:
    fields = {field.name: field for table in splits.values() for field in table.schema}
    features = "".join(_feature(field) for field in fields.values())
    files = "".join(f"  - split: {split}\n    path: data/{split}-*\n" for split in splits)
    return (
        f"---\ndataset_info:\n  features:\n{features}"
        f"configs:\n- config_name: default\n  data_files:\n{files}---\n{description}\n"
    )


def write_dataset(directory: Path, splits: Mapping[str, pa.Table], description: str) -> None:
    """The splits as `data/{split}-00000-of-00001.parquet` beside a README.md whose YAML names them.

    The YAML lists the columns of all splits, so that `datasets.load_dataset` reads splits with different columns;
    it fills those that a split lacks with nulls.
    """
    for split, table in splits.items():
        write_table(directory / "data" / f"{split}-00000-of-00001.parquet", table)
    (directory / "README.md").write_text(_card(splits, description), encoding="utf-8")


def token_lists(tokens: NDArray[np.int32], item: type[np.integer] = np.int64) -> pa.ListArray:
    """The rows of a matrix of token ids as an Arrow column of lists."""
    offsets = np.arange(len(tokens) + 1, dtype=np.int32) * tokens.shape[1]
    return pa.ListArray.from_arrays(offsets, tokens.ravel().astype(item))
