"""Writers of Parquet files, and of local datasets in the format of the Hub."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

_DTYPES = {"double": "float64"}


def write_table(path: Path, table: pa.Table) -> None:
    """Write the table as one Parquet file; create its directory if needed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Delta encoding stores ids and counts in a third of the space.
    integers = [field.name for field in table.schema if pa.types.is_integer(field.type)]
    pq.write_table(
        table.replace_schema_metadata(None),  # a feature table's record names paths of this machine
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
    """Write each split as `data/{split}-00000-of-00001.parquet`, and a README.md with a YAML header.

    The YAML lists the splits and the columns of all of them. `datasets.load_dataset` thus reads splits with different
    columns, and fills missing columns with nulls.
    """
    for split, table in splits.items():
        write_table(directory / "data" / f"{split}-00000-of-00001.parquet", table)
    (directory / "README.md").write_text(_card(splits, description), encoding="utf-8")


def token_lists(tokens: NDArray[np.int32], item: type[np.integer] = np.int64) -> pa.ListArray:
    """Return a matrix of token ids as an Arrow column of lists, one per row."""
    offsets = np.arange(len(tokens) + 1, dtype=np.int32) * tokens.shape[1]
    return pa.ListArray.from_arrays(offsets, tokens.ravel().astype(item))
