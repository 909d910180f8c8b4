"""Findings that compare tables: larger and smaller models, and models trained on different corpora."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

from spark.reporting.events import CountedGroup, Finding, FindingKind
from spark.reporting.measured_tables import MeasuredTable
from spark.reporting.proportions import is_beyond_chance


class Comparison(NamedTuple):
    """Tables in an order; the first and the last are compared. names: of those two, in words. shares: all, in words."""

    tables: Sequence[MeasuredTable]
    names: tuple[str, str]
    shares: str

    @property
    def is_beyond_chance(self) -> bool:
        """Whether the shares of memorized rows differ."""
        return is_beyond_chance(self.tables[0].memorized, self.tables[-1].memorized)

    @property
    def outcome(self) -> str:
        """The outcome in words, the same for comparisons that agree."""
        first, last = self.names
        if not self.is_beyond_chance:
            return f"no difference beyond chance between {first} and {last}"
        more = self.tables[0].memorized.value > self.tables[-1].memorized.value
        return f"{first} memorized {'more' if more else 'less'} than {last}"


def by_model(tables: Iterable[MeasuredTable]) -> Iterator[Finding]:
    """Yield findings on the models of each dataset and scheme: the largest and the smallest, if sizes are known."""
    return _findings("models", map(_of_models, _groups(tables, lambda each: (each.dataset, each.scheme))))


def by_scheme(tables: Iterable[MeasuredTable]) -> Iterator[Finding]:
    """Yield findings on the schemes of each dataset and model: those with the least and the most memorized."""
    return _findings("schemes", map(_of_schemes, _groups(tables, lambda each: (each.dataset, each.model))))


def _of_models(group: Sequence[MeasuredTable]) -> Comparison:
    place = " ".join(filter(None, [group[0].dataset, group[0].scheme]))
    sizes = {each.size for each in group}
    if None in sizes or len(sizes) == 1:
        ordered = _ordered(group, lambda each: str(each.model))
        names = (f"model {ordered[0].model}", f"model {ordered[-1].model}")
    else:
        ordered = sorted(group, key=lambda each: each.size or 0, reverse=True)
        kinds = ("larger", "smaller") if len(group) == 2 else ("largest", "smallest")
        names = (f"the {kinds[0]} model", f"the {kinds[1]} one")
    return Comparison(ordered, names, f"{_listed(ordered, 'model')} ({place})")


def _of_schemes(group: Sequence[MeasuredTable]) -> Comparison:
    place = " ".join(filter(None, [group[0].dataset, group[0].model]))
    ordered = _ordered(group, lambda each: str(each.scheme))
    names = (f"models trained on {ordered[0].scheme}", f"those trained on {ordered[-1].scheme}")
    return Comparison(ordered, names, f"{_listed(ordered, 'scheme')} ({place})")


def _ordered(group: Sequence[MeasuredTable], name: Callable[[MeasuredTable], str]) -> list[MeasuredTable]:
    """Return the tables from the least memorized to the most; by their names if the two do not differ."""
    ordered = sorted(group, key=lambda each: each.memorized.value)
    is_ordered = is_beyond_chance(ordered[0].memorized, ordered[-1].memorized)
    return ordered if is_ordered else sorted(group, key=name)


def _listed(tables: Iterable[MeasuredTable], what: Literal["model", "scheme"]) -> str:
    return ", ".join(f"{getattr(each, what)} {each.memorized}" for each in tables)


def _findings(kind: FindingKind, comparisons: Iterable[Comparison]) -> Iterator[Finding]:
    """Yield one finding for each outcome."""
    by_outcome: dict[str, list[Comparison]] = defaultdict(list)
    for each in comparisons:
        by_outcome[each.outcome].append(each)
    for outcome, found in by_outcome.items():
        text = f"{outcome}: {'; '.join(each.shares for each in found)}"
        groups = tuple(
            CountedGroup(table.name, *table.memorized) for comparison in found for table in comparison.tables
        )
        yield Finding(kind, text, None, found[0].is_beyond_chance, groups)


def _groups(tables: Iterable[MeasuredTable], key: Callable[[MeasuredTable], Hashable]) -> Iterator[list[MeasuredTable]]:
    """Yield the tables with the same key, if there are several."""
    by_key: dict[Hashable, list[MeasuredTable]] = defaultdict(list)
    for each in tables:
        by_key[key(each)].append(each)
    return (group for group in by_key.values() if len(group) > 1)
