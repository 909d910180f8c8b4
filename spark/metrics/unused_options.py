"""Reject options that have no effect, before anything is read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields

from filters.contract import Filter
from filters.feature_tables import FEATURE_TABLES
from filters.registry import ALL_FILTERS
from spark.metrics.configuration import Configuration
from spark.metrics.feature_tables import AUTO, NONE
from utils import UserError

MODEL_OPTIONS = ("model", "precision", "prompt_tokens", "min_k_percent")
CONTINUATION = "continuation_tokens"


def require_used_options(configuration: Configuration, filters: Iterable[Filter]) -> None:
    """Raise UserError for an option that differs from its default and that nothing in the run uses."""
    chosen = tuple(filters)
    for table in FEATURE_TABLES:
        is_joined = any(table.name in (each.feature_table, *each.reads) for each in chosen)
        if getattr(configuration, table.name) not in (AUTO, NONE) and not is_joined:
            users = " or ".join(_filters_of(table.name))
            raise UserError(
                f"--{table.name}: no chosen filter joins this table.\nAdd {users} to --filters, or leave it out."
            )
    changed = {each.name for each in fields(configuration) if getattr(configuration, each.name) != each.default}
    asks_model = any(each.asks_model for each in chosen)
    counted = [getattr(configuration, table.name) for table in FEATURE_TABLES if table.counts_continuation]
    is_compared = any(setting not in (AUTO, NONE) for setting in counted)
    of_model = MODEL_OPTIONS if is_compared else (*MODEL_OPTIONS, CONTINUATION)
    unused = [name for name in of_model if name in changed and not asks_model]
    if unused:
        raise UserError(
            f"--{unused[0]}: no chosen filter evaluates a language model.\nAdd model to --filters, or leave it out."
        )
    if "sample_seed" in changed and configuration.sample_size is None:
        raise UserError("--sample_seed: this option has no effect without --sample_size.\nGive both, or leave it out.")


def _filters_of(table: str) -> list[str]:
    """Return the names of the filters that use a feature table."""
    return [each.name for each in ALL_FILTERS if table in (each.feature_table, *each.reads)]
