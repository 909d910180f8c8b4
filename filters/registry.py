"""All filters, in the order of their columns in the tables, and their selection by name."""

from __future__ import annotations

from collections.abc import Iterable

from filters import (
    attention,
    detokenization,
    extraction,
    likelihood,
    membership,
    memorization_score,
    prompt_and_continuation,
    token_frequency,
)
from filters.code_or_natural_language import filter as code_or_natural_language
from filters.compressibility import filter as compressibility
from filters.contract import Filter, Group
from filters.errors import require_known
from filters.feature_tables import joined_filters
from filters.incrementing import filter as incrementing
from filters.ngram_diversity import filter as ngram_diversity
from filters.repetition import filter as repetition

ALL_FILTERS: tuple[Filter, ...] = (
    detokenization.FILTER,
    repetition.FILTER,
    incrementing.FILTER,
    code_or_natural_language.FILTER,
    token_frequency.FILTER,
    compressibility.FILTER,
    ngram_diversity.TOKEN_NGRAM_DIVERSITY,
    ngram_diversity.WORD_NGRAM_DIVERSITY,
    *joined_filters(),
    memorization_score.FILTER,
    likelihood.FILTER,
    membership.MIN_K,
    membership.ZLIB_LIKELIHOOD,
    extraction.FIRST_CHOICES,
    extraction.GREEDY_DECODING,
    attention.FILTER,
    prompt_and_continuation.FILTER,
)
GROUPS: tuple[Group, ...] = ("all", "model")


def filter_names(names: str | Iterable[str]) -> set[str]:
    """Return the single names."""
    return {name.strip() for name in names.split(",")} if isinstance(names, str) else set(names)


def choose_filters(names: str | Iterable[str]) -> tuple[Filter, ...]:
    """Return the filters with these names or in these groups, in the order of `ALL_FILTERS`.

    names: names, or one text with commas between them, as for `--filters`.
    If one filter computes a column, no other filter joins it. Raise UserError for an unknown name.
    """
    names = filter_names(names)
    require_known("filter", sorted(names), (*GROUPS, *(each.name for each in ALL_FILTERS)))
    chosen = [each for each in ALL_FILTERS if each.group in names or each.name in names]
    computed = {column.name for each in chosen if each.measure is not None for column in each.columns}
    return tuple(each for each in chosen if each.measure or computed.isdisjoint(column.name for column in each.columns))
