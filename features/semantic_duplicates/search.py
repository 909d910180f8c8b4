"""Choose how to search for similar pairs: exactly, or with an approximate index if that takes too long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# Up to this number, compare every query with every row: half an hour of one core, at 9 ns per product of 384
# dimensions.
EXACT_PRODUCTS = 200_000_000_000
# With these settings, a search among 250,000 rows took a twelfth of the exact time and missed 2 pairs in 1,000.
MOST_CLUSTERS, PROBES = 1_024, 32
ROWS_A_CLUSTER = 64  # at least: choosing among smaller clusters takes longer than searching larger ones


@dataclass(frozen=True)
class Search:
    """The search method, and its number of comparisons.

    queries, rows: sizes known when the method was chosen, copies included.
    clusters, probes: of the approximate index; 0 if the search is exact.
    """

    method: Literal["exact", "approximate"]
    queries: int
    rows: int
    clusters: int = 0
    probes: int = 0

    def __str__(self) -> str:
        """Return one line for the plan of a run."""
        what = f"{self.queries:,} x {self.rows:,} embeddings"
        if self.method == "exact":
            return f"exact products of {what}"
        return f"approximate: {what}, each query in the {self.probes} nearest of {self.clusters:,} clusters"


def choose_search(queries: int, rows: int, exact_products: int = EXACT_PRODUCTS) -> Search:
    """Return the exact search if it takes at most `exact_products` comparisons, else the approximate one."""
    clusters = min(MOST_CLUSTERS, rows // ROWS_A_CLUSTER)
    if queries * rows <= exact_products or clusters <= PROBES:
        return Search("exact", queries, rows)
    return Search("approximate", queries, rows, clusters, PROBES)
