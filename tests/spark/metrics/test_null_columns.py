"""The reasons for metrics that are null in every row of a table."""

from __future__ import annotations

from pathlib import Path

import pytest

from filters.contract import FeatureTable
from filters.feature_tables import FEATURE_TABLES
from filters.registry import choose_filters
from spark.metrics.configuration import build_configuration
from spark.metrics.null_columns import null_columns
from spark.metrics.planning import plan_sequence_tables
from spark.metrics.resolve import resolve_sequence_table
from spark.sources.resolver import Resolver

JOINED = [table for table in FEATURE_TABLES if not table.has_token_key]


@pytest.mark.parametrize("table", JOINED, ids=lambda table: table.name)
def test_the_advice_for_a_missing_table_offers_only_what_its_option_accepts(
    table: FeatureTable, tmp_path: Path
) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_text('{"tokens": [1, 2]}\n')
    configuration, filters = build_configuration({"datasets": str(path)}), choose_filters(("all",))
    (sequences,) = plan_sequence_tables(configuration)
    resolver = Resolver(tmp_path / "cache", {}, lambda _: None)
    resolved = resolve_sequence_table(sequences, filters, configuration, resolver)
    reasons = null_columns(resolved, filters, configuration, None)
    accepted = "published, a local path or a Hub id" if table.hub_id else "a local path or a Hub id"
    for column in table.columns:
        assert reasons[column.name] == f"no table given: --{table.name} {accepted}"
