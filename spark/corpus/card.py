"""The README.md of a run: a card in the format of the Hub, with a configuration per dataset of feature tables."""

from __future__ import annotations

from typing import Any

import yaml

from spark.sources.hub.splits import CARD, card_configurations
from spark.storage.paths import AnyPath, write_at_once
from spark.storage.publishing import MARKERS, read_marker


def write_card(run_directory: AnyPath, dataset: str) -> None:
    """Add a dataset, with its complete tables as splits, to the README.md of the run.

    `load_dataset(run_directory, dataset)` then loads it. The card does not lie in the directory of the dataset:
    pandas and Polars open every file there.
    """
    card = run_directory / CARD
    marked = sorted(path.name.removesuffix(".json") for path in (run_directory / MARKERS / dataset).rglob("*.json"))
    splits = [split for split in marked if read_marker(run_directory, f"{dataset}/{split}") is not None]
    files = [{"split": split, "path": f"{dataset}/{split}/*.parquet"} for split in splits]
    added: dict[str, Any] = {"config_name": dataset, "data_files": files}
    others = card_configurations(str(run_directory), card) if card.is_file() else []
    configurations = [added, *(other for other in others if other.get("config_name") != dataset)]
    configurations.sort(key=lambda configuration: str(configuration.get("config_name")))
    metadata = yaml.safe_dump({"configs": configurations}, sort_keys=False)
    write_at_once(card, f"---\n{metadata}---\nBuilt by `build_features.py`.\n")
