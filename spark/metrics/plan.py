"""Build the plan of a run of `calculate_metrics.py`, which `--plan` reports."""

from __future__ import annotations

from collections.abc import Iterable

from filters.contract import Filter
from filters.feature_tables import FEATURE_TABLES
from spark.metrics.configuration import Configuration
from spark.metrics.feature_tables import feature_locations
from spark.metrics.language_models import asked_model
from spark.metrics.split import Split
from spark.reporting.events import Plan, PlannedJob
from spark.storage.paths import AnyPath
from spark.storage.publishing import partition_path


def make_plan(
    run_id: str,
    run_directory: AnyPath,
    splits: Iterable[Split],
    filters: tuple[Filter, ...],
    configuration: Configuration,
) -> Plan:
    """Return what a run would read, measure and write."""
    used = {each.feature_table for each in filters} | {name for each in filters for name in each.reads}
    tables = [table for table in FEATURE_TABLES if table.name in used]

    def planned(split: Split) -> PlannedJob:
        features = [table.name for table in tables if feature_locations(table, configuration, split, split.models[0])]
        location = asked_model(split, split.models, filters)
        language_model = str(location) if location else None
        written = [str(partition_path(split.dataset, split.scheme, model)) for model in split.models]
        return PlannedJob(split.description, str(split.location), split.tokenizer, language_model, features, written)

    return Plan(
        run_id,
        str(run_directory),
        [planned(split) for split in splits],
        [each.name for each in filters],
        configuration.sample_size,
        configuration.sample_seed,
    )
