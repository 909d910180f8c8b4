"""The README.md of a dataset of feature tables, which lists the splits in the format of the Hub."""

from __future__ import annotations

import yaml

from spark.storage.paths import AnyPath, write_at_once
from spark.storage.publishing import MARKER


def write_card(dataset: AnyPath) -> None:
    """Write a README.md that lists the complete splits of the dataset: directories that have a marker."""
    splits = sorted(path.parent.name for path in dataset.rglob(MARKER))
    files = [{"split": split, "path": f"{split}/*.parquet"} for split in splits]
    configurations = yaml.safe_dump({"configs": [{"config_name": "default", "data_files": files}]}, sort_keys=False)
    write_at_once(dataset / "README.md", f"---\n{configurations}---\nBuilt by `build_features.py`.\n")
