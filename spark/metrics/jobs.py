"""The jobs of a run, one per table of sequences."""

from __future__ import annotations

from collections.abc import Iterable

from filters.contract import Filter
from spark.metrics.configuration import Configuration
from spark.metrics.job import MetricsJob
from spark.metrics.output_schema import with_numbered_columns
from spark.metrics.resolve import resolve_sequence_table
from spark.metrics.sequence_table import SequenceTable
from spark.metrics.shared_columns import shared_columns
from spark.sources.resolver import Resolver
from spark.storage.paths import AnyPath


def resolve_jobs(
    tables: Iterable[SequenceTable],
    filters: tuple[Filter, ...],
    configuration: Configuration,
    resolver: Resolver,
    run_directory: AnyPath,
) -> list[MetricsJob]:
    """Return the jobs of a run, all with the same columns; raise UserError if an input is missing or contradictory."""
    resolved = [resolve_sequence_table(table, filters, configuration, resolver) for table in tables]
    features = [each for table in resolved for of in (table.features, *table.features_by_model.values()) for each in of]
    filters = with_numbered_columns(filters, [metric for feature in features for metric, _ in feature.values])
    shared = shared_columns(resolved)
    return [MetricsJob(table, filters, configuration, run_directory, shared) for table in resolved]
