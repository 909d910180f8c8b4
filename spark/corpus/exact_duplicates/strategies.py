"""The two strategies to count windows. Both give the same result.

Broadcast: every worker holds the windows of the sequences and counts them in its parts of the corpus.
Shuffle: for more windows than a worker should hold. Every worker holds a filter of their hashes and returns the windows
of the corpus that pass it; Spark groups these by their tokens.
"""

from __future__ import annotations

from typing import Literal

Strategy = Literal["broadcast", "shuffle"]
STRATEGIES: dict[Strategy, str] = {
    "broadcast": "broadcast: every worker holds the windows of all sequences and counts them in its part of the corpus",
    "shuffle": "shuffle: windows of the corpus that pass a hash filter of the sequences are grouped by their tokens",
}
MAX_BROADCAST_SEQUENCES = 2_000_000  # about 300 MB in every worker


def choose_strategy(sequences: int) -> Strategy:
    """Return the strategy for this number of sequences."""
    return "broadcast" if sequences <= MAX_BROADCAST_SEQUENCES else "shuffle"
