"""Decide whether a run may go on with other options than before: only if they add columns and change none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from filters.feature_tables import FEATURE_TABLES
from filters.registry import choose_filters
from spark.metrics.feature_tables import AUTO, NONE
from spark.metrics.unused_options import MODEL_OPTIONS
from utils import UserError

SAMPLE = "sample"  # the dataset that has feature tables of its own


def adds_columns(name: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Return whether an option that differs adds columns to those of the run, and changes none.

    before, now: all options, in JSON types.
    """
    try:
        measured, wanted = (choose_filters(options["filters"]) for options in (before, now))
    except (UserError, KeyError, TypeError, AttributeError):
        return False  # a record of another version
    if name == "filters":
        columns = [{column.name for each in filters for column in each.columns} for filters in (measured, wanted)]
        return columns[0] <= columns[1]
    if name in MODEL_OPTIONS:
        return not any(each.asks_model for each in measured)
    if name in {table.name for table in FEATURE_TABLES}:
        has_table = before.get(name) not in (AUTO, NONE) or (before[name] == AUTO and SAMPLE in before["datasets"])
        return not has_table or not any(name in (each.feature_table, *each.reads) for each in measured)
    return False
