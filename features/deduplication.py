"""Criteria of deduplication: what counts as a duplicate, which copy is kept, and at what thresholds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from filters.feature_tables import JACCARD_THRESHOLD, NGRAM_TOKENS

Method = Literal["exact", "fuzzy", "semantic"]
METHODS: tuple[Method, ...] = get_args(Method)  # in the order of application, cheapest first
Keep = Literal["first", "longest"]
KEEP: tuple[Keep, ...] = get_args(Keep)
COSINE_THRESHOLD = 0.9  # "very similar" in the published counts of semantic duplicates
# Removal is also measured at the levels above the applied threshold, to help in choosing another.
JACCARD_LEVELS = (0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.0)
COSINE_LEVELS = (0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.99)


@dataclass(frozen=True)
class Criteria:
    """What counts as a duplicate, and which copy is kept.

    methods: each method runs on what the methods before it kept. jaccard_threshold, ngram_tokens: for fuzzy duplicates.
    cosine_threshold: for semantic duplicates, compared within each of `semantic_clusters` clusters; None chooses their
        number by the size of the corpus.
    """

    methods: tuple[Method, ...]
    keep: Keep = "first"
    jaccard_threshold: float = JACCARD_THRESHOLD
    ngram_tokens: int = NGRAM_TOKENS
    cosine_threshold: float = COSINE_THRESHOLD
    semantic_clusters: int | None = None

    def thresholds(self, method: Method) -> tuple[float, ...]:
        """Return the thresholds at which a method's removal is measured, ascending; the first is applied.

        Empty for `exact`.
        """
        if method == "exact":
            return ()
        levels = JACCARD_LEVELS if method == "fuzzy" else COSINE_LEVELS
        chosen = self.jaccard_threshold if method == "fuzzy" else self.cosine_threshold
        return (chosen, *(level for level in levels if level > chosen))

    def __str__(self) -> str:
        """Return the methods in the order of application, as a plan shows them."""
        names = {
            "exact": "exact",
            "fuzzy": f"fuzzy at a Jaccard similarity of {self.jaccard_threshold:g}",
            "semantic": f"semantic at a cosine similarity of {self.cosine_threshold:g}",
        }
        return f"{', then '.join(names[method] for method in self.methods)}; the {self.keep} of each is kept"
