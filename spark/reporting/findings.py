"""What the tables of a run say, in words. Shares that may differ by chance are said to; no cause is named."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from spark.reporting.comparisons import by_model, by_scheme
from spark.reporting.events import CountedGroup, Finding
from spark.reporting.measured_tables import MeasuredTable, measured_tables, named_size
from spark.reporting.occurrences import GROUPS
from spark.reporting.proportions import Share, is_beyond_chance, wilson_interval

SMALLEST_GROUP = 10  # sequences; the share of fewer says little
MISNAMED = 2.0  # by this factor, the name of a model does not tell its size
WITHIN_CHANCE = "; no difference beyond chance"


def findings_of(entries: Iterable[Mapping[str, Any]]) -> list[Finding]:
    """Return the findings of a run, those that compare tables first. entries: the `tables` entries of `run.json`."""
    tables = measured_tables(entries)
    scored = [each for each in tables if each.memorized.of and not _is_all_by_choice(each)]
    compared = [each for each in scored if not each.holds_memories]  # memories are of other sequences for each model
    comparisons = [*by_model(compared), *by_scheme(compared)]
    names = {group.name for finding in comparisons for group in finding.groups}
    return [
        *comparisons,
        *(_memorized(each) for each in scored if each.name not in names),
        *(finding for each in _foremost(scored) for finding in (*_by_occurrences(each), *_by_pattern(each))),
        *(finding for each in tables for finding in _unscored(each)),
        *_sizes(tables),
        *_by_choice(tables),
    ]


def _is_all_by_choice(table: MeasuredTable) -> bool:
    """Return whether all sequences are memorized, and were chosen because they are."""
    return table.holds_memories and table.memorized.rows == table.memorized.of


def _by_choice(tables: Iterable[MeasuredTable]) -> Iterator[Finding]:
    for dataset in dict.fromkeys(each.dataset for each in tables if _is_all_by_choice(each)):
        yield Finding("choice", f"{dataset} holds only sequences chosen because they are memorized", None, None, ())


def _memorized(table: MeasuredTable) -> Finding:
    low, high = wilson_interval(table.memorized)
    count, of = table.memorized
    text = f"{count:,} of {of:,} sequences are memorized, {table.memorized} (95% interval {low:.1%} to {high:.1%})"
    return Finding("memorized", text, table.name, None, (CountedGroup("memorized", count, of),))


def _foremost(tables: Sequence[MeasuredTable]) -> list[MeasuredTable]:
    """Return, of each dataset and scheme, the table of the model that memorized most."""
    found: dict[tuple[str, str | None], MeasuredTable] = {}
    for each in tables:
        other = found.setdefault((each.dataset, each.scheme), each)
        if each.memorized.value > other.memorized.value:
            found[each.dataset, each.scheme] = each
    return list(found.values())


def _by_occurrences(table: MeasuredTable) -> Iterator[Finding]:
    shares = {group.words: table.share(f"memorized_{group.key}", f"scored_{group.key}") for group in GROUPS}
    shares = {words: share for words, share in shares.items() if share.of >= SMALLEST_GROUP}
    if len(shares) < 2:
        return
    first, *_, last = shares.values()
    differs = is_beyond_chance(first, last)
    listed = ", ".join(f"{words} {share}" for words, share in shares.items())
    text = f"memorized, by occurrences in the corpus: {listed}{'' if differs else WITHIN_CHANCE}"
    yield Finding("occurrences", text, table.name, differs, _groups(shares))


def _by_pattern(table: MeasuredTable) -> Iterator[Finding]:
    keys = ("with_pattern", "without_pattern")
    scored, memorized = ([table.counts.get(f"{kind}_{key}", 0) for key in keys] for kind in ("scored", "memorized"))
    others = [one - other for one, other in zip(scored, memorized, strict=True)]
    if min(sum(memorized), sum(others)) < SMALLEST_GROUP:
        return
    shares = {"memorized": Share(memorized[0], sum(memorized)), "others": Share(others[0], sum(others))}
    differs = is_beyond_chance(*shares.values())
    text = (
        f"{shares['memorized']} of the memorized sequences repeat a unit or count up, {shares['others']} of the others"
    )
    yield Finding("patterns", text + ("" if differs else WITHIN_CHANCE), table.name, differs, _groups(shares))


def _unscored(table: MeasuredTable) -> Iterator[Finding]:
    """Tell how many sequences the model was not asked about."""
    unscored = Share(table.rows - table.memorized.of, table.rows)
    if table.asks_model and unscored.rows:
        text = f"{unscored.rows:,} of {unscored.of:,} sequences are shorter than prompt and continuation: no score"
        yield Finding("unscored", text, table.name, None, _groups({"unscored": unscored}))


def _sizes(tables: Iterable[MeasuredTable]) -> Iterator[Finding]:
    """Tell the sizes of models whose names mislead."""
    sizes = {each.model: each.parameters for each in tables if each.model and each.parameters and _is_misnamed(each)}
    if sizes:
        listed = ", ".join(f"{model} has {count:,}" for model, count in sizes.items())
        groups = tuple(CountedGroup(model, count, None) for model, count in sizes.items())
        text = f"the names of the models do not tell their size in parameters: {listed}"
        yield Finding("sizes", text, None, None, groups)


def _is_misnamed(table: MeasuredTable) -> bool:
    named = named_size(table.model)
    if named is None or not table.parameters:
        return False
    return not 1 / MISNAMED < named / table.parameters < MISNAMED


def _groups(shares: Mapping[str, Share]) -> tuple[CountedGroup, ...]:
    return tuple(CountedGroup(name, *share) for name, share in shares.items())
