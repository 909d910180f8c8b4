"""Groups of sequences by their number of occurrences in the training corpus (`sequence_duplicates`)."""

from __future__ import annotations

from typing import NamedTuple


class Group(NamedTuple):
    """Sequences with at least `smallest` occurrences, and fewer than the next group.

    key: the end of the names of its counts, `scored_KEY` and `memorized_KEY`. words: for messages.
    """

    key: str
    smallest: int
    words: str


GROUPS = (
    Group("occurring_0", 0, "not in the corpus"),
    Group("occurring_1", 1, "once"),
    Group("occurring_2_to_9", 2, "2 to 9 times"),
    Group("occurring_10_to_99", 10, "10 to 99 times"),
    Group("occurring_100_or_more", 100, "100 times or more"),
)
