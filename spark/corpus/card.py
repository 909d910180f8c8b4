"""The README.md of a dataset of feature tables, which tells readers of its splits as the Hub's datasets do."""

from __future__ import annotations

import yaml

from spark.storage.paths import AnyPath, write_at_once
from spark.storage.publishing import MARKER


def write_card(dataset: AnyPath) -> None:
    """Names the splits of a dataset that are complete: the directories in it that have a marker."""
    splits = sorted(path.parent.name for path in dataset.rglob(MARKER))
    files = [{"split": split, "path": f"{split}/*.parquet"} for split in splits]
    configurations = yaml.safe_dump({"configs": [{"config_name": "default", "data_files": files}]}, sort_keys=False)
    write_at_once(dataset / "README.md", f"---\n{configurations}---\nBuilt by `build_features.py`.\n")
