"""How much of a corpus each step of a deduplication removed, at each threshold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import pyarrow as pa

ALL_METHODS = "all"
SUMMARY = pa.schema(
    {
        "method": pa.string(),
        "threshold": pa.float64(),
        "is_applied": pa.bool_(),
        "documents": pa.int64(),
        "documents_removed": pa.int64(),
        "share_of_documents_removed": pa.float64(),
        "tokens": pa.int64(),
        "tokens_removed": pa.int64(),
        "share_of_tokens_removed": pa.float64(),
    }
)


class Amount(NamedTuple):
    """So many documents, which have so many tokens."""

    documents: int
    tokens: int

    def without(self, other: Amount) -> Amount:
        """What is left."""
        return Amount(self.documents - other.documents, self.tokens - other.tokens)


@dataclass(frozen=True)
class Step:
    """What a method made of the documents that it was given.

    removed: by the largest threshold at which they are removed, None where the method knows none.
    thresholds: all of them, in ascending order; the first is that of the step.
    """

    method: str
    given: Amount
    removed: Mapping[float | None, Amount]
    thresholds: Sequence[float | None]

    @property
    def left(self) -> Amount:
        """What the step hands on."""
        return self.given.without(self._removed_at(self.thresholds[0]))

    def rows(self) -> Iterator[dict[str, object]]:
        """A row of the summary for each threshold: what a step at that threshold would have removed."""
        for threshold in self.thresholds:
            is_applied = threshold == self.thresholds[0]
            yield summary_row(self.method, threshold, is_applied, self.given, self._removed_at(threshold))

    def _removed_at(self, threshold: float | None) -> Amount:
        those = [each for at, each in self.removed.items() if threshold is None or (at is not None and at >= threshold)]
        return Amount(sum(each.documents for each in those), sum(each.tokens for each in those))


def summary_row(
    method: str, threshold: float | None, is_applied: bool, given: Amount, removed: Amount
) -> dict[str, object]:
    """A row of the summary."""
    return {
        "method": method,
        "threshold": threshold,
        "is_applied": is_applied,
        "documents": given.documents,
        "documents_removed": removed.documents,
        "share_of_documents_removed": share(removed.documents, given.documents),
        "tokens": given.tokens,
        "tokens_removed": removed.tokens,
        "share_of_tokens_removed": share(removed.tokens, given.tokens),
    }


def summary_table(steps: Sequence[Step]) -> pa.Table:
    """The rows of all steps, and one of all of them together."""
    given, left = steps[0].given, steps[-1].left
    whole = summary_row(ALL_METHODS, None, True, given, given.without(left))
    return pa.Table.from_pylist([*(row for step in steps for row in step.rows()), whole], SUMMARY)


def share(part: int, whole: int) -> float | None:
    """The part of the whole, 0 to 1; None where there is nothing."""
    return part / whole if whole else None
