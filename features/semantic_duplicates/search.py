"""How similar pairs are looked for: every query with every row, or by an approximate index where that is too much."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# Up to here every query is compared with every row: half an hour of one core, at 9 ns a product of 384 dimensions.
EXACT_PRODUCTS = 200_000_000_000
# With these, queries among 250,000 rows took a twelfth of the exact products' time and missed 2 pairs in 1,000.
MOST_CLUSTERS, PROBES = 1_024, 32
ROWS_A_CLUSTER = 64  # at least: to choose among smaller clusters takes longer than to look through larger ones


@dataclass(frozen=True)
class Search:
    """How pairs are looked for, and among how many.

    queries, rows: of the corpus, as far as they were known when this was chosen: copies counted.
    clusters, probes: of the approximate index; 0 where the search is exact.
    """

    method: Literal["exact", "approximate"]
    queries: int
    rows: int
    clusters: int = 0
    probes: int = 0

    def __str__(self) -> str:
        """One line for the plan of a run."""
        what = f"{self.queries:,} x {self.rows:,} embeddings"
        if self.method == "exact":
            return f"exact products of {what}"
        return f"approximate: {what}, each query in the {self.probes} nearest of {self.clusters:,} clusters"


def choose_search(queries: int, rows: int, exact_products: int = EXACT_PRODUCTS) -> Search:
    """The exact search where it takes at most so many products of embeddings, else the approximate one."""
    clusters = min(MOST_CLUSTERS, rows // ROWS_A_CLUSTER)
    if queries * rows <= exact_products or clusters <= PROBES:
        return Search("exact", queries, rows)
    return Search("approximate", queries, rows, clusters, PROBES)
