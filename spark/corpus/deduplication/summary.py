"""The summary of a deduplication: the share of the corpus that each step removes, at each threshold."""

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
    """A number of documents, and the number of their tokens."""

    documents: int
    tokens: int

    def without(self, other: Amount) -> Amount:
        """Return the difference of two amounts."""
        return Amount(self.documents - other.documents, self.tokens - other.tokens)


@dataclass(frozen=True)
class Step:
    """One step of a deduplication: a method, the documents that it read, and the documents that it removed.

    removed: the amount by the largest threshold at which documents are removed; None if the method has no threshold.
    thresholds: all thresholds, in ascending order; the step applied the first.
    """

    method: str
    given: Amount
    removed: Mapping[float | None, Amount]
    thresholds: Sequence[float | None]

    @property
    def left(self) -> Amount:
        """The remaining amount, which the next step reads."""
        return self.given.without(self._removed_at(self.thresholds[0]))

    def rows(self) -> Iterator[dict[str, object]]:
        """Yield one row of the summary per threshold: what the step would have removed at that threshold."""
        for threshold in self.thresholds:
            is_applied = threshold == self.thresholds[0]
            yield summary_row(self.method, threshold, is_applied, self.given, self._removed_at(threshold))

    def _removed_at(self, threshold: float | None) -> Amount:
        amounts = [
            amount
            for largest, amount in self.removed.items()
            if threshold is None or (largest is not None and largest >= threshold)
        ]
        return Amount(sum(each.documents for each in amounts), sum(each.tokens for each in amounts))


def summary_row(
    method: str, threshold: float | None, is_applied: bool, given: Amount, removed: Amount
) -> dict[str, object]:
    """Return one row of the summary."""
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
    """Return the summary: the rows of each step, and one row for all steps together."""
    given, left = steps[0].given, steps[-1].left
    whole = summary_row(ALL_METHODS, None, True, given, given.without(left))
    return pa.Table.from_pylist([*(row for step in steps for row in step.rows()), whole], SUMMARY)


def share(part: int, whole: int) -> float | None:
    """Return `part / whole`, 0 to 1; None if the whole is 0."""
    return part / whole if whole else None
