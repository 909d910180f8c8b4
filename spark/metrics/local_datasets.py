"""Plan the tables of local data: plain files, or a directory in the layout of a Hub dataset."""

from __future__ import annotations

import re

from spark.metrics.configuration import Configuration
from spark.metrics.sequence_table import SequenceTable, memories_tables
from spark.sources.catalog import TableLocation
from spark.sources.hub.datasets import local_splits
from spark.sources.hub_layout import is_hub_layout, tokenizer_beside
from spark.sources.patterns import base_of
from spark.sources.saved_datasets import saved_splits
from spark.storage.paths import AnyPath
from spark.storage.publishing import partition_name, require_partition_names
from utils import printable, require_known

MEMORIES_SPLIT = re.compile(r"(deduped|duped)\.(.+)")


def local_tables(path: AnyPath, configuration: Configuration) -> list[SequenceTable]:
    """Return the tables at an existing path; raise UserError for models or schemes that the data does not have."""
    base = base_of(path)
    name = base.resolve().name if base.is_dir() else path.name.split(".")[0]
    dataset = partition_name(name) or "data"
    tokenizer = configuration.tokenizer or tokenizer_beside(base)
    require_partition_names((*(configuration.models or ()), *(configuration.schemes or ())))
    source = TableLocation(str(path), is_local=True)
    saved = saved_splits(path)
    if not saved and not is_hub_layout(path):
        return _plain_tables(dataset, source, configuration, tokenizer)
    splits = sorted(saved or local_splits(path))
    pairs = [match.groups() for match in map(MEMORIES_SPLIT.fullmatch, splits) if match]
    if not pairs:
        return [
            table
            for split in splits
            for table in _plain_tables(
                dataset if len(splits) == 1 else f"{dataset}_{split}",
                TableLocation(str(path), split, is_local=True),
                configuration,
                tokenizer,
            )
        ]
    schemes = configuration.schemes or tuple(dict.fromkeys(scheme for scheme, _ in pairs))
    models = configuration.models or tuple(dict.fromkeys(model for _, model in pairs))
    tables = memories_tables(dataset, source, schemes, models, tokenizer, configuration.model)
    if configuration.schemes or configuration.models:
        wanted = [table.location.split or "" for table in tables]
        require_known(f"split of {printable(str(path))}", wanted, splits)
    return [table for table in tables if table.location.split in splits]


def _plain_tables(
    dataset: str, location: TableLocation, configuration: Configuration, tokenizer: str | None
) -> list[SequenceTable]:
    models = configuration.models or (None,)
    return [
        SequenceTable(dataset, "plain", scheme, models, location, tokenizer, configuration.model)
        for scheme in configuration.schemes or (None,)
    ]
