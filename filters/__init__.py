"""Measure sequences: all filters, and `apply_filters`, which runs them over a table without Spark.

The names below are imported on first use, so that the programs start fast.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from filters.apply import apply_filters
    from filters.contract import Filter
    from filters.language_model.model import LanguageModel, read_language_model
    from filters.registry import ALL_FILTERS, GROUPS, choose_filters

_MODULE_OF = {
    "ALL_FILTERS": "filters.registry",
    "GROUPS": "filters.registry",
    "choose_filters": "filters.registry",
    "Filter": "filters.contract",
    "LanguageModel": "filters.language_model.model",
    "apply_filters": "filters.apply",
    "read_language_model": "filters.language_model.model",
}

__all__ = ["ALL_FILTERS", "GROUPS", "Filter", "LanguageModel", "apply_filters", "choose_filters", "read_language_model"]


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULE_OF[name]), name)


def __dir__() -> list[str]:
    return __all__
