"""Build the plan of a run of `calculate_metrics.py`, which `--plan` reports."""

from __future__ import annotations

from collections.abc import Iterable

from filters.contract import Filter
from filters.feature_tables import FEATURE_TABLES
from spark.metrics.configuration import Configuration
from spark.metrics.feature_tables import feature_locations
from spark.metrics.language_models import required_model
from spark.metrics.sequence_table import SequenceTable
from spark.reporting.events import Plan, PlannedJob
from spark.storage.paths import AnyPath
from spark.storage.publishing import partition_path


def make_plan(
    run_id: str,
    run_directory: AnyPath,
    tables: Iterable[SequenceTable],
    filters: tuple[Filter, ...],
    configuration: Configuration,
) -> Plan:
    """Return what a run would read, measure and write."""
    used = {each.feature_table for each in filters} | {name for each in filters for name in each.reads}
    feature_tables = [table for table in FEATURE_TABLES if table.name in used]

    def planned(sequences: SequenceTable) -> PlannedJob:
        model = sequences.levels[0]
        features = [each.name for each in feature_tables if feature_locations(each, configuration, sequences, model)]
        location = required_model(sequences, sequences.levels, filters)
        language_model = str(location) if location else None
        written = [str(partition_path(sequences.dataset, sequences.scheme, model)) for model in sequences.levels]
        return PlannedJob(
            sequences.description, str(sequences.location), sequences.tokenizer, language_model, features, written
        )

    return Plan(
        run_id,
        str(run_directory),
        [planned(table) for table in tables],
        [each.name for each in filters],
        configuration.sample_size,
        configuration.sample_seed,
    )
